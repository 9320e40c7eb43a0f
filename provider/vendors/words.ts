/** The words in texts, each parted from the next by one blank: as a type, so that an editor completes them. */
export type WordsOf<Text extends string> = Text extends `${infer Word} ${infer Rest}` ? Word | WordsOf<Rest> : Text;

export function wordsOf<Text extends string>(texts: readonly Text[]): readonly WordsOf<Text>[] {
  return texts.flatMap((text) => text.split(" ") as WordsOf<Text>[]);
}

/** The same facts of every word. */
export function factsOf<Word extends string, Facts>(
  words: readonly Word[],
  facts: Facts,
): Readonly<Record<Word, Facts>> {
  return Object.fromEntries(words.map((word) => [word, facts])) as Record<Word, Facts>;
}
