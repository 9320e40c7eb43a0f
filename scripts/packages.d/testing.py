"""Mocks for unit tests of programs: `pulumi.runtime.set_mocks(ApikeysMocks())`."""

import json
import subprocess
import threading
from typing import Any

import pulumi

_ANSWERS = """
import { createInterface } from "node:readline";
import { apikeysMocks } from "pulumi-apikeys/testing";
const mocks = apikeysMocks();
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await mocks.newResource(JSON.parse(line)).catch(({ message }) => ({ refused: message }));
  console.log(JSON.stringify(answer));
}
"""


class ApikeysMocks(pulumi.runtime.Mocks):
    """Checks accounts and keys as a preview does, and gives them the outputs of a first update.

    Ids, names, ends, schedules, and secrets that open nothing: `apikeysMocks()` of the npm package answers, which the plugin needs
    anyway, with the connections of `Pulumi.yaml` in the working directory. No credential is read and nothing is sent.

    Other resources have their inputs as outputs; for other answers, override `new_resource` and `call`.
    """

    def __init__(self) -> None:
        command = ["node", "--input-type=module", "--eval", _ANSWERS]
        # It ends with this process, whose end closes its input.
        self._node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._one_at_a_time = threading.Lock()

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        """:raises ValueError: for what a preview would refuse, with the resource and the field"""
        if not args.typ.startswith("apikeys:index:"):
            return f"{args.name}-id", args.inputs
        answer = self._ask({"type": args.typ, "name": args.name, "inputs": args.inputs})
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer["id"], answer["state"]

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return args.args

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._node.stdin is not None and self._node.stdout is not None
        with self._one_at_a_time:
            self._node.stdin.write(f"{json.dumps(request)}\n")
            self._node.stdin.flush()
            line = self._node.stdout.readline()
        if line == "":
            raise RuntimeError("the npm package pulumi-apikeys is not in the working directory, or Node is not on PATH")
        answer: dict[str, Any] = json.loads(line)
        return answer
