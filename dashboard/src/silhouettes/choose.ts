// Which silhouette an aircraft gets: by its type, else by the family of the type, else by the
// category it reports.

import type { Flight } from "../stream/live";
import { SILHOUETTES, type SilhouetteName } from "./shapes";

const INDEX = new Map(SILHOUETTES.map(({ name }, index) => [name as SilhouetteName, index]));
const UNKNOWN = 0;

// ICAO type designators (Doc 8643), as patterns of whole designators; the first that fits counts.
const TYPES: readonly (readonly [SilhouetteName, RegExp])[] = [
  ["super_jet", /^(A38\w|A124|A225|A3ST|A337|BLCF)$/],
  ["quad_jet", /^(A34\d|B74\w|IL96|IL86|IL62|DC8\w?|B70\d|B720|CONC)$/],
  ["military_transport", /^(C17|IL76|C5M?|A158|C141|KC2|E3\w\w|K35\w|R135|E6)$/],
  ["tri_jet", /^(MD11|DC10|L101|T154|B72\d|YK4\d|F900|FA7X|FA8X|FA50)$/],
  ["heavy_twin", /^(A30[06B]|A306|A310|A33\d|A35\w|A339|B76\d|B77\w|B78\w|IL9\d)$/],
  ["twin_jet", /^(A31[89]|A32\w|A20N|A21N|A19N|A18N|B73\w|B3[789]M|B37M|B38M|B39M|B3XM|B75\d|BCS\d|E17\d|E75\w|E19\d|E29\d|E290|E295|C919|SU95|T204|MC23|P8|E737)$/],
  ["rear_jet", /^(CRJ\w?|E135|E145|E13\d|E14\d|MD8\d|MD9\d|MD90|DC9\w?|B71\d|F70|F100|F28|AJ27|T134|BA11|YK40)$/],
  ["business_jet", /^(C25\w|C5[0156]\w|C6[58]\w|C68A|C700|C750|CL\d\w|CL30|CL35|CL60|GL[5-8]T|GLEX|GLF\d|G280|G150|GALX|LJ\d\w|E50P|E55P|E545|E550|PC24|HDJT|EA50|F2TH|FA10|FA20|H25\w|BE40|PRM1|ASTR|WW24|SF50|C510|SJ30|MU30|GA\d\w)$/],
  ["quad_prop", /^(C130|C30J|A400|AN12|AN22|L188|P3|IL18|DH7|DHC7|C160|VISC|EC30|TU95)$/],
  ["turboprop", /^(AT[4-7]\w|DH8\w|SF34|SB20|JS\d\w|E120|D328|F50|F27|AN2[4-6]|AN3\d|L410|SW\d|B190|C212|C295|CN35|D228|DHC6|SH3\d|AT8T|MA60|Y12|BE99|C27J|G222)$/],
  ["light_twin", /^(BE5[058]|BE[67]\w|BE18|BE9\w|BE20|BE30|BE10|B350|B200|C3[0-4]\d|C40\d|C41\d|C42\d|C44\d|PA3[01]|PA34|PA44|PA23|PA27|DA42|DA62|P68|P06T|TBM\d|AC\d\w|MU2|PAY\d|P180|AEST|BN2P|C337|DO27)$/],
  ["light_high", /^(C1[0-9]\w|C2[01]\w|C20[5-8]|C208|C77R|C82\w|DHC2|DHC3|PC6\w?|M20\w?X|AN2|BL8|CH7\w|HUSK|PA18|PA1[0-9]|J3|MAUL|M[45678]|A22|SAVG|FK9|C42|GA8|KODI|TECN|P92|P2008|AA?ST|CRUZ_)$/],
  ["light_low", /^(PA2[48]|P28\w|PA32|P32\w|PA38|PA46|P46T|DA20|DA40|DV20|SR2\w|M20\w|M20|BE[23]\w|B36T|RV\w\w?|VL3|DR40|DR\w\w|R[23]\w\w\w?|TB\w\w|TOBA|TRIN|AA5|AA1|PC12|PC7|PC9|PC21|TEX2|EPIC|G115|Z42|Z26|EXTR|E300|CP30|G3T1|MCR1|PNR3|PIVI|DYNC|SIRA|AQUI|AT01|FDCT|TBM)$/],
  ["glider", /^(GLID|AS\d\w|ASK\d|ARCU|ARCP|DG\w\w?|DUOD|DISC|JANU|LS\d\w?|NIMB|VENT|G103|G102|SZ\w\w|TS1J|S10S|S12|HK36|SF25|LAK\w)$/],
  ["ultralight", /^(ULAC|TRIK|PARA|QWIK|PEGA)$/],
  ["gyrocopter", /^(GYRO|MTO\w?|CAVA|MM1\w|AR15)$/],
  ["tiltrotor", /^(V22|B609|AW60)$/],
  ["heavy_helicopter", /^(H47|H53\w?|H64|MI\w\w?|S61\w?|S64|S65\w?|S92|EH10|AS3B|AS32|PUMA|EC25|EC75|H60|S70|NH90|KA\w\w|A149|A139|A189|H160|UH1\w?|B412|B212)$/],
  ["helicopter", /^(R22|R44|R66|EC\w\w|H1\w\w?|AS[35]\w|A109|A119|A169|A1[0-9][0-9]|B0\w\w?|B06\w?|B407|B427|B429|B430|B47\w|B222|B230|B505|BK17|MD\d\w|MD52|MD60|EXPL|H500|H269|S76|S51|G2CA|EN\d\w|ALO\d|GAZL|LYNX|LAMA|CABR|EXEJ|UH12|HUCO)$/],
  ["delta_fighter", /^(EUFI|RFAL|MIR\w|MRF1|GRIP|SB39|J10|TEJS|F102|F106|A4|AJET_)$/],
  ["fighter", /^(F1[4-8]\w?|F16|F18\w?|F22|F35|F4|F5|F104|F111|A10|HAR\w|MG\w\w|SU\w\w|TOR|T38|HAWK|AJET|L39|L159|M339|M346|T2|T45|VAMP|HUNT|PC7_|ALPH)$/],
  ["bomber", /^(B52|B1|B2|TU\w\w|B21)$/],
  ["drone", /^(Q\d\w?|Q9|Q4|DRON|HRON|HERM|UAV|RQ\d\w?|MQ\d\w?)$/],
  ["airship", /^(SHIP|ZEPP|NT07)$/],
  ["balloon", /^BALL$/],
];

// What the aircraft says of itself (DO-260 emitter categories).
const CATEGORIES: Readonly<Record<string, SilhouetteName>> = {
  A1: "light_low", A2: "business_jet", A3: "twin_jet", A4: "twin_jet", A5: "heavy_twin", A6: "fighter",
  A7: "helicopter", B1: "glider", B2: "balloon", B3: "parachute", B4: "ultralight", B6: "drone",
  B7: "bomber", C1: "ground_vehicle", C2: "ground_vehicle", C3: "obstacle", C4: "obstacle", C5: "obstacle",
};

const byType = new Map<string, number | null>();

/** The silhouette's index. Types are looked up once each. */
export function shapeOf(flight: Flight): number {
  const type = flight.typecode;
  if (type !== undefined) {
    let found = byType.get(type);
    if (found === undefined) {
      const name = TYPES.find(([, pattern]) => pattern.test(type))?.[0];
      found = name === undefined ? null : (INDEX.get(name) ?? null);
      byType.set(type, found);
    }
    if (found !== null) return found;
  }
  const name = flight.category === undefined ? undefined : CATEGORIES[flight.category];
  return name === undefined ? UNKNOWN : (INDEX.get(name) ?? UNKNOWN);
}
