import { describe, expect, it } from 'vitest';
import { isMet, renderAims, renderSection, replaceSection } from '../../bench/replay-report.ts';

const MEASURED = {
  corpus: 'small',
  splits: 'none',
  jobs: 2,
  exchanges: 10_000,
  bytes: 180e6,
  wallMs: 8000,
  cpuMs: 12_500,
  peakMib: 210.4,
};

describe('the section about the speed of replay', () => {
  it('gives rates by the clock and by CPU time', () => {
    const section = renderSection({ started: [], measured: [MEASURED], aims: [] }, 'a machine');
    expect(section).toContain('| small | none | 2 | 10000 | 180 | 8.0 | 1250 | 22.5 | 800 | 210 |');
  });

  it('says of every aim whether it is met', () => {
    expect(isMet({ what: 'a', is: 1000, atLeast: 1000 })).toBe(true);
    expect(isMet({ what: 'a', is: 999, atLeast: 1000 })).toBe(false);
    expect(isMet({ what: 'a', is: 301, atMost: 300 })).toBe(false);
    expect(renderAims([{ what: 'start-up, ms', is: 250, atMost: 300 }])).toContain(
      '| start-up, ms |  | 300 | 250 | met |',
    );
  });

  it('takes the place of the section of that name, and only of that', () => {
    const before = '# R\n\n## Flags\n\nf\n\n## Speed\n\nold\n\n## How it is tested\n\nt\n';
    expect(replaceSection(before, '## Speed\n\nnew\n')).toBe(before.replace('old', 'new'));
    expect(replaceSection('# R\n\n## Speed\n\nold\n', '## Speed\n\nnew\n')).toBe('# R\n\n## Speed\n\nnew\n');
  });

  it('comes before the last section where there is none yet', () => {
    const made = replaceSection('# R\n\n## Flags\n\nf\n\n## How it is tested\n\nt\n', '## Speed\n\nnew\n');
    expect(made).toBe('# R\n\n## Flags\n\nf\n\n## Speed\n\nnew\n\n## How it is tested\n\nt\n');
  });
});
