// What the parts of the page are given. App makes it; a part takes what it needs.

import type { BaseMap } from "./basemap/map";
import type { Value } from "./core/value";
import type { Filter } from "./filters/filter";
import type { FlightStore } from "./flights/store";
import type { Keys } from "./keyboard/keys";
import type { Overlay } from "./overlay/overlay";
import type { Selection } from "./selection/selection";
import type { SettingValues } from "./settings/settings";
import type { LiveStream } from "./stream/stream";

export interface Context {
  readonly stream: LiveStream;
  readonly store: FlightStore;
  readonly base: BaseMap;
  readonly overlay: Overlay;
  readonly settings: SettingValues;
  readonly selection: Selection;
  readonly filter: Value<Filter>;
  readonly keys: Keys;
  /** Goes up after each change of the picture that the store has taken in. */
  readonly updated: Value<number>;
  /** Goes up twice a second: ages are to be written anew. */
  readonly ticked: Value<number>;
  /** Says something to screen readers, not too often. */
  announce(text: string): void;
}
