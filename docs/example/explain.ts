import type OpenAI from 'openai';

/** Asks a model for one sentence, and tells its words as they come. */
export async function explain(client: OpenAI, word: string, onText: (text: string) => void): Promise<string> {
  const stream = client.responses.stream({
    model: 'gpt-5.5',
    input: `Explain in one sentence: ${word}`,
  });
  stream.on('response.output_text.delta', ({ delta }) => onText(delta));
  return (await stream.finalResponse()).output_text;
}
