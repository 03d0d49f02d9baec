import { quoteForShell } from '../../util/shell.ts';

/** What a placeholder stands for; a number is a port. */
export type Values = Record<string, string | number>;

/** Text with its `{placeholders}` filled in; what is no known one stays as it is. */
export function fillIn(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

/** A command line for the shell with its placeholders filled in; paths are quoted where they have to be. */
export function fillInCommand(command: string, values: Values): string {
  const quoted = Object.entries(values).map(([name, value]) => [name, quoteForShell(String(value))]);
  return fillIn(command, Object.fromEntries(quoted));
}

/** The text of a file: as it is given, or JSON with its strings filled in, where a port alone becomes a number. */
export function fillInFile(content: unknown, values: Values): string {
  if (typeof content === 'string') return fillIn(content, values);
  const fill = (_: string, value: unknown) => {
    if (typeof value !== 'string') return value;
    const [, alone] = /^\{(\w+)\}$/.exec(value) ?? [];
    return alone !== undefined && typeof values[alone] === 'number' ? values[alone] : fillIn(value, values);
  };
  return `${JSON.stringify(content, fill, 2)}\n`;
}

/** A table of strings with the placeholders of its values filled in. */
export function fillInAll(table: Record<string, string>, values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, fillIn(value, values)]));
}
