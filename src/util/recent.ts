/** Texts remembered: those of a few connections that take turns. */
const RECENT = 4;
/** No text that is longer is kept. */
const LONGEST = 16 * 1024;

/**
 * A function that remembers what it said of the last few texts: to compare a text that comes again costs a fraction of what it does
 * to read it. What it gives is shared, so nobody may change it.
 */
export function rememberRecent<T>(read: (text: string) => T): (text: string) => T {
  const recent: { text: string; value: T }[] = [];
  let next = 0;
  return (text) => {
    for (let i = 0; i < recent.length; i++) if (recent[i]!.text === text) return recent[i]!.value;
    const value = read(text);
    if (text.length > LONGEST) return value;
    recent[next] = { text, value };
    next = (next + 1) % RECENT;
    return value;
  };
}
