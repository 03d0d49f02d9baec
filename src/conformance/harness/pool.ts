/** Does a piece of work for each element, so many at a time, and gives the results in the order of the elements. */
export async function mapPooled<T, R>(
  list: readonly T[],
  size: number,
  work: (element: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(list.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < list.length; i = next++) results[i] = await work(list[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(size, list.length) }, worker));
  return results;
}
