// client.d.ts is written by hand: here the implementation is held against it, both ways.
import { expectTypeOf, test } from "vitest";
import type * as Declared from "../src/stream/client";
import type * as Built from "../src/stream/index";

test("what /client.js exports is what client.d.ts says", () => {
  expectTypeOf<InstanceType<typeof Built.LiveStream>>().toExtend<Declared.LiveStream>();
  expectTypeOf<ConstructorParameters<typeof Built.LiveStream>>().toEqualTypeOf<ConstructorParameters<typeof Declared.LiveStream>>();
  expectTypeOf<keyof typeof Built>().toEqualTypeOf<"LiveStream">();
});
