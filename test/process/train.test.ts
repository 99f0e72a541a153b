// A run can be stopped at any moment, politely or not, and goes on to the same bits; it says what it does in JSON lines.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/train/files.js";
import { fovea, jsonLines, makeImages, onReference, start, temporaryFolder, tinyNetwork } from "./fovea.js";

let folder: string;
const inside = (name: string): string => path.join(folder, name);
beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(inside("images"), 3);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const train = (out: string, ...more: string[]) => [
  "train",
  "--data",
  "images",
  "--out",
  out,
  "--json",
  ...tinyNetwork,
  ...onReference,
  ...more,
];
const resume = (out: string, ...more: string[]) => [
  "train",
  "--out",
  out,
  "--resume",
  "--json",
  ...onReference,
  ...more,
];
const checkpointOf = (run: string) => readCheckpoint(inside(`${run}/checkpoint.safetensors`));

/** SHA-256 of every tensor of a checkpoint, and its step. */
function bitsOf(run: string): Record<string, string | number> {
  const { snapshot } = checkpointOf(run);
  const hash = (data: Float32Array) =>
    createHash("sha256")
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest("hex");
  return {
    step: snapshot.step,
    ...Object.fromEntries([...snapshot.tensors].map(([name, t]) => [name, hash(t.data)])),
  };
}

describe("fovea train", () => {
  const steps = 60;
  /** Steps so slow that a signal which is sent after one of the first arrives long before the last. */
  const slow = ["--batch", "256"];
  const limits = [
    "--steps",
    String(steps),
    "--save-every",
    "1",
    "--val",
    "images",
    "--val-every",
    "25",
    ...slow,
  ];
  let whole: Record<string, string | number>;

  it("runs to its end and logs every step and validation", async () => {
    const { code, stdout, stderr } = await fovea(train("whole", ...limits), folder);
    expect(stderr).toContain("60 steps");
    expect(code).toBe(0);
    const events = jsonLines(stdout);
    expect(events[0]).toMatchObject({
      event: "start",
      model: "unet",
      images: 3,
      step: 0,
      backend: "reference",
    });
    expect(events.at(-1)).toMatchObject({ event: "end", reason: "steps", steps });
    expect(events.filter((e) => e.event === "validation").map((e) => e.step)).toEqual([25, 50, 60]);
    const log = jsonLines(fs.readFileSync(inside("whole/log.jsonl"), "utf8"));
    expect(log.filter((line) => "loss" in line).map((line) => line.step)).toEqual(
      Array.from({ length: steps }, (_, i) => i + 1),
    );
    expect(log.filter((line) => "validationPsnr" in line).length).toBe(3);
    expect(fs.readdirSync(inside("whole")).sort()).toEqual([
      "best.safetensors",
      "checkpoint.safetensors",
      "log.jsonl",
      "pictures",
      "report.html",
    ]);
    whole = bitsOf("whole");
    expect(whole.step).toBe(steps);
  });

  it("--dry-run says what it would take, and writes nothing", async () => {
    const { code, stdout } = await fovea(train("dry", ...limits, "--dry-run"), folder);
    expect(code).toBe(0);
    const [forecast, ...more] = jsonLines(stdout);
    expect(more).toEqual([]);
    expect(forecast).toMatchObject({ event: "forecast", steps, batchSize: 256, validations: 3, images: 3 });
    for (const name of ["operations", "bytes", "processBytes", "seconds", "totalSeconds"])
      expect(forecast[name], name).toBeGreaterThan(0);
    expect(fs.existsSync(inside("dry"))).toBe(false);
    const text = await fovea(train("dry", "--minutes", "2", "--dry-run").filter((word) => word !== "--json"), folder); // prettier-ignore
    expect(text.stdout).toMatch(/Time: about 2:00 for [\d,]+ steps\n$/);
    const endless = await fovea(train("dry", "--stop-loss", "0.1", "--dry-run"), folder);
    expect(endless.stderr).toMatch(/--dry-run cannot tell when --stop-loss .* add --steps/);
    expect(endless.code).toBe(1);
  });

  it("leaves a loadable checkpoint when it is killed at any moment, and goes on from it to the same bits", async () => {
    const moments = [1, 4, 6, 8];
    for (const [i, checkpoints] of moments.entries()) {
      const running = start(
        i === 0 ? train("killed", ...limits) : resume("killed", "--save-every", "1"),
        folder,
      );
      await running.printed('"event":"checkpoint"', checkpoints);
      // A different while after a checkpoint each time, so that some of the kills fall into the writing of the next.
      await new Promise((resolve) => setTimeout(resolve, 7 * i));
      running.child.kill("SIGKILL");
      expect(await running.ended).toMatchObject({ signal: "SIGKILL" });
      expect(checkpointOf("killed").snapshot.step).toBeGreaterThanOrEqual(checkpoints - 1);
    }
    const stale = inside("killed/.checkpoint.safetensors.999999999.tmp");
    fs.writeFileSync(stale, "half a checkpoint");
    expect(await fovea(resume("killed", "--save-every", "1"), folder)).toMatchObject({ code: 0 });
    expect(fs.readdirSync(inside("killed")).sort()).toEqual([
      "best.safetensors",
      "checkpoint.safetensors",
      "log.jsonl",
      "pictures",
      "report.html",
    ]);
    expect(bitsOf("killed")).toEqual(whole);
    const log = jsonLines(fs.readFileSync(inside("killed/log.jsonl"), "utf8"));
    expect(log.filter((line) => "loss" in line).map((line) => line.step)).toEqual(
      Array.from({ length: steps }, (_, i) => i + 1),
    );
  });

  it("stops in order on Ctrl-C with exit code 130, and goes on from the very step", async () => {
    const running = start(train("stopped", ...limits), folder);
    await running.printed('"event":"checkpoint"', 2);
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /fovea: interrupted after step \d+, which is saved; fovea train --out stopped --resume goes on\.\n$/,
    );
    const end = jsonLines(stdout).at(-1)!;
    expect(end).toMatchObject({ event: "end", reason: "aborted" });
    expect(checkpointOf("stopped").snapshot.step).toBe(end.steps);
    expect(await fovea(resume("stopped"), folder)).toMatchObject({ code: 0 });
    expect(bitsOf("stopped")).toEqual(whole);
  });

  it("trains op by op to the same bits", async () => {
    expect(await fovea(train("eager", ...limits, "--eager"), folder)).toMatchObject({ code: 0 });
    expect(bitsOf("eager")).toEqual(whole);
  });

  it("a resumed run may be given more steps, and is done at once without", async () => {
    expect(await fovea(resume("eager"), folder)).toMatchObject({ code: 0 });
    expect(checkpointOf("eager").snapshot.step).toBe(steps);
    expect(await fovea(resume("eager", "--steps", "64"), folder)).toMatchObject({ code: 0 });
    expect(checkpointOf("eager").snapshot.step).toBe(64);
  });

  it("stops at a loss that is no number, names the operation, and keeps the last good checkpoint", async () => {
    const { code, stderr } = await fovea(
      train("diverged", "--steps", "50", "--lr", "1e30", "--save-every", "1"),
      folder,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /fovea: Training stopped at step \d+ because .* in step \d+; the state after step \d+ is kept\. Try a smaller learning rate\.\n$/,
    );
    expect(stderr).not.toContain("    at ");
    expect(checkpointOf("diverged").snapshot.step).toBeLessThan(50);
  });

  it("stops at a low loss, and when validation no longer improves", async () => {
    const low = await fovea(train("low", "--stop-loss", "0.9"), folder);
    expect(jsonLines(low.stdout).at(-1)).toMatchObject({ event: "end", reason: "stopLoss", steps: 1 });
    const patient = await fovea(
      train("patient", "--lr", "1e-30", "--val", "images", "--val-every", "1", "--patience", "2"),
      folder,
    );
    expect(jsonLines(patient.stdout).at(-1)).toMatchObject({ event: "end", reason: "patience", steps: 3 });
  });

  for (const [network, ...more] of [
    ["conv-ae", "--widths", "2,2,2"],
    ["dense-ae", "--patch", "8"],
  ])
    it(`trains ${network}, and eval and enhance take what comes out`, async () => {
      const args = [
        "--data",
        "images",
        "--batch",
        "2",
        "--patch",
        "8",
        "--channels",
        "3",
        "--sigma",
        "0..50",
        "--loss",
        "charbonnier",
      ];
      const out = ["--model", network, "--steps", "3", "--out", network, ...more];
      expect(await fovea(["train", ...args, ...out, ...onReference], folder)).toMatchObject({ code: 0 });
      const measured = await fovea(
        ["eval", "--model", network, "--data", "images", "--json", ...onReference],
        folder,
      );
      expect(jsonLines(measured.stdout)).toMatchObject([{ images: 3, sigma: 25, backend: "reference" }]);
      const enhanced = await fovea(
        ["enhance", "images", "-o", `${network}-out`, "--model", network, "--json", ...onReference],
        folder,
      );
      const widths = [{ width: 24 }, { width: 25 }, { width: 26 }];
      // A bottleneck of three steps' training gives no picture yet, which enhance says of each file.
      const error = expect.stringMatching(
        /^The network's answer to images.[0-2]\.png is .*nothing is written/,
      );
      const answers = network === "dense-ae" ? widths.map(() => ({ error })) : widths;
      expect(jsonLines(enhanced.stdout)).toMatchObject(answers);
    });

  it("a folder that another training writes into is refused; the lock of one that is gone is taken over", async () => {
    const args = ["--data", "images", "--out", "locked", ...tinyNetwork, ...onReference];
    const first = start(["train", ...args, "--minutes", "5"], folder);
    await first.printed("step ");
    const second = await fovea(["train", ...args, "--steps", "1", "--resume"], folder);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /^fovea: Another training \(process \d+ on [^)]+\) writes into locked; .*\n$/,
    );
    first.child.kill("SIGKILL");
    await first.ended;
    expect(fs.existsSync(inside("locked/lock"))).toBe(true);
    const third = start(
      ["train", ...args, "--minutes", "5", ...(hasCheckpoint() ? ["--resume"] : [])],
      folder,
    );
    await third.printed("step ");
    third.child.kill("SIGHUP");
    expect((await third.ended).code).toBe(129);
    expect(fs.readdirSync(inside("locked")).sort()).toEqual([
      "checkpoint.safetensors",
      "log.jsonl",
      "report.html",
    ]);

    function hasCheckpoint(): boolean {
      return fs.existsSync(inside("locked/checkpoint.safetensors"));
    }
  });

  it("all bad files are named at once, and a run that never began leaves no folder", async () => {
    fs.cpSync(inside("images"), inside("mixed"), { recursive: true });
    fs.writeFileSync(inside("mixed/a.png"), "");
    fs.writeFileSync(inside("mixed/b.png"), "no picture");
    const bad = [
      "train",
      "--data",
      "mixed",
      "--steps",
      "1",
      "--out",
      "never",
      ...tinyNetwork,
      ...onReference,
    ];
    const { code, stderr } = await fovea(bad, folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /2 of \d+ files cannot be used: .*mixed\/a\.png is empty.* .*mixed\/b\.png is not an image/,
    );
    expect(fs.existsSync(inside("never"))).toBe(false);
  });
});
