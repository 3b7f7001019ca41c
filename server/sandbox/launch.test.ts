import { deepEqual, equal } from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "#testing";
import { launch, reach } from "./launch.ts";

test("a folder that everybody can reach is used where it is", async () => {
  const place = await openFolder();
  const { binds, at } = reach([place, join(place, "file")]);
  deepEqual([binds, at(place)], [[], place]);
});

test("a folder behind a closed door is shown at a neutral place, a file with its folder where that is open", async () => {
  const place = await openFolder();
  chmodSync(place, 0o700);
  const [folder, file] = [join(place, "folder"), join(place, "bin", "node")];
  const { binds, at } = reach([folder, file]);
  deepEqual(binds, [
    { folder, place: "/mnt" },
    { folder: join(place, "bin"), place: "/media" },
  ]);
  deepEqual([at(folder), at(file)], ["/mnt", "/media/node"]);
});

test("a file in a closed folder is shown alone, and more paths than neutral places share one", async () => {
  const place = await openFolder();
  const closed = join(place, "closed.txt");
  chmodSync(place, 0o700);
  deepEqual(reach([closed]).binds, [
    { folder: "tmpfs", place: "/mnt" },
    { folder: closed, place: "/mnt/0" },
  ]);
  const many = Array.from({ length: 9 }, (_, index) => join(place, "many", String(index)));
  for (const path of many) mkdirSync(path, { recursive: true });
  const { binds, at } = reach(many);
  equal(binds.length, 10);
  deepEqual(
    many.map(at),
    many.map((_, index) => `/mnt/${index}`),
  );
});

test("a run that needs nothing but another user is started without a shell in between", () => {
  deepEqual(launch(["bwrap"], { uid: 7, joins: [], binds: [] }), { argv: ["bwrap"], uid: 7 });
  deepEqual(launch(["bwrap"], { joins: [], binds: [] }), { argv: ["bwrap"] });
});

/** The order is the safety: joining and mounting need rights, and the driver must never have them. */
test("the change of user comes last before the driver", () => {
  const { argv, uid } = launch(["bwrap"], { uid: 7, joins: ["/cg"], binds: [{ folder: "/a", place: "/mnt" }] });
  equal(uid, undefined);
  deepEqual(argv.slice(argv.indexOf("sh") + 1, argv.indexOf("/usr/bin/setpriv")), ["/cg", "--", "/a", "/mnt", "--"]);
  equal(argv.at(-1), "bwrap");
});

async function openFolder(): Promise<string> {
  const place = await temporaryFolder("launch");
  chmodSync(place, 0o755);
  for (const name of ["folder", "bin"]) mkdirSync(join(place, name));
  writeFileSync(join(place, "bin", "node"), "");
  writeFileSync(join(place, "closed.txt"), "");
  return place;
}
