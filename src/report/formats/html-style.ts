/** The style of HTML reports; nothing is loaded. */
export const STYLE = `
:root { --text: #1d2330; --dim: #667085; --back: #fff; --card: #f5f6f8; --line: #d9dde3; --good: #12793f; --bad: #b42318; --note: #8a5a00; --del: #fde8e6; --ins: #e2f5e8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --dim: #98a2b3; --back: #12151b; --card: #1b2029; --line: #323a48; --good: #4fc77f; --bad: #ff8a80; --note: #f0b64d; --del: #4a1f1d; --ins: #163c26; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.1rem; }
p { margin: 0.25rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); } .note { color: var(--note); }
dl { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1rem 0; padding: 0; }
dl div { padding: 0.5rem 1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; } dt { color: var(--dim); font-size: 0.85rem; }
details { margin: 0.4rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.cassette { padding: 0.4rem 0.8rem; border: 1px solid var(--line); border-radius: 8px; }
.exchange { margin-left: 1.2rem; }
ul { margin: 0.3rem 0 0.6rem; padding-left: 1.4rem; list-style: none; } li { margin: 0.15rem 0; }
.failure { margin: 0.4rem 0 0.8rem; padding: 0.6rem 0.8rem; border-left: 3px solid var(--bad); background: var(--card); overflow-wrap: anywhere; }
pre { margin: 0.4rem 0; padding: 0.5rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--back); font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
del, ins { display: inline-block; width: 100%; text-decoration: none; } del { background: var(--del); } ins { background: var(--ins); }
table { border-collapse: collapse; } td { padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } td:first-child { text-align: right; font-variant-numeric: tabular-nums; }
.numbers td { padding-left: 0.8rem; text-align: right; font-variant-numeric: tabular-nums; } .numbers td:first-child { padding-left: 0; text-align: left; }
code { font: 0.9em ui-monospace, monospace; }
`.trim();
