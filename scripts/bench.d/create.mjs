// 200 keys, made by this package and by dynamic providers in the simplest form. Same emulator, same engine, same calls.
import { withServices } from "./services.mjs";
import { Stack } from "./stack.mjs";
import { subjects } from "./subjects.mjs";

const count = 200;
const rounds = 5;

export async function benchCreate() {
  const best = {};
  await withServices((services) => {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of ["dynamic", "naive", "leanest"]) {
        const seconds = createOnce(subjects[name].program(count), services);
        best[name] = Math.min(best[name] ?? Infinity, seconds);
        console.log(`round ${round + 1}, ${name}: ${seconds.toFixed(1)} s`);
      }
    }
  });
  console.log(`relative to the leanest naive provider: ${(best.dynamic / best.leanest).toFixed(2)}`);
  return [
    {
      claim: `creating ${count} keys, relative to a naive dynamic provider`,
      value: best.dynamic / best.naive,
      limit: 0.6,
    },
  ];
}

function createOnce(program, services) {
  const stack = new Stack(services);
  try {
    stack.up();
    stack.program(program);
    const seconds = stack.up();
    stack.pulumi("destroy", "--yes", "--skip-preview");
    return seconds;
  } finally {
    stack.discard();
  }
}
