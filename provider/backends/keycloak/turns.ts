const lastTurns = new Map<string, Promise<unknown>>();

/** Runs the work on one client in sequence, across the whole process, so that two keys cannot both find it free. */
export function inTurn<Result>(id: string, run: () => Promise<Result>): Promise<Result> {
  const turn = (lastTurns.get(id) ?? Promise.resolve()).catch(() => undefined).then(run);
  lastTurns.set(id, turn);
  return turn;
}
