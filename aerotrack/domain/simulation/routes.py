"""Which airports the simulated world flies between: busy ones often, near ones oftener."""

import math
from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from typing import Final

from aerotrack.domain.airports import Airport, Airports
from aerotrack.domain.geo import EARTH_RADIUS_NMI
from aerotrack.domain.simulation.path import unit_vector

# Movements a year in tens of thousands, roughly, of the world's busy airports. airportsdata does
# not rank them.
BUSY: Final = {
    79: "KATL", 70: "KORD KDFW", 66: "KDEN", 56: "KLAX KCLT", 52: "KLAS",
    47: "KMIA KPHX KJFK KSEA LTFM EDDF EHAM LFPG EGLL OMDB RJTT ZBAA ZGGG ZSPD",
    44: "KIAH KEWR KSFO KMCO KBOS VIDP WIII LEMD",
    40: "KDTW KMSP KLGA KPHL KSLC KDCA ZGSZ ZUUU ZPPP WMKK WSSS VTBS RKSI VHHH EDDM LEBL",
    34: "KIAD KBWI KSAN KFLL KTPA KAUS KBNA KMDW CYYZ MMMX SBGR VABB ZLXY ZUCK ZSHC ZSSS ZBAD "
        "RPLL VVTS YSSY LIRF EGKK LSZH OTHH OEJN OERK SKBO",
    27: "KDAL KSTL KPDX PHNL KMCI KRDU KSMF KSJC KSAT KMSY PANC KMEM KSDF CYVR CYUL CYYC VVNB "
        "VOBL YMML YBBN RJAA RKPC ROAH RJFF RJCC RJBB RCTP VTBD EKCH ENGM ESSA LOWW EIDW LPPT "
        "LFPO EGCC EGSS LEPA LTFJ LTAI LGAV UUEE ZSNJ ZSAM ZUTF ZWWW ZSQD ZJHK SPJC SCEL MPTO",
    20: "KCLE KIND KPIT KCVG KCMH KMKE KJAX KOAK KONT KABQ KOMA KSNA CYEG MMUN MMGL MMMY MMTJ "
        "SBSP SBBR SBKP SBCF SBRJ SABE SKRG EDDB EDDL EDDH EDDK LSGG EBBR EFHK EPWA LKPR LHBP "
        "LROP LFMN LFLL LEMG LEAL LPPR LIMC LIPZ LICC EGLC EGGW EGPH EGBB UUDD ULLI LLBG HECA "
        "FAOR VOMM VECC VOHS VGHS OPKC OEDF OMAA OKKK OBBI OOMS RKSS RJOO WADD WARR RPVM YPPH "
        "YPAD NZAA ZYTX ZBTJ ZYTL ZSJN ZHCC ZHHH ZGHA ZUGY",
    12: "CYOW CYWG CYHZ PHOG TJSJ MDPC MDSD MUHA MKJS MROC MSLP MGGT SEQM SBGL SBSV SBRF SBPA "
        "SAEZ SUMU SLLP BIKF ENBR ENVA ESGG EGPF EGGD EGAA LFBO LFML LFSB LFRS LIME LIRN LIPE "
        "LIMF LEVC LEZL LEBB GCLP GCTS GCXO LPFR EPKK EPGD LBSF LYBE LDZA LMML LCLK EVRA EYVI "
        "EETN UKBB UBBB UGTB UDYZ UAAA UZTT LGTS LGIR LTAC LTBJ OJAI OIIE OPIS OPLA VCBI VNKT "
        "VRMM VYYY VDTI VOCI VAAH HAAB HKJK DNMM DNAA DGAA GMMN DTTA DAAG FACT FMEE FIMP HTDA "
        "FNLU NZCH NZWN YPDN YBCG YBCS NFFN PGUM ZJSY ZWSH VTSP VVDN WMKP WBKK",
}  # fmt: skip
# Every other airport with an IATA code that calls itself international, so that the map is not
# only hubs.
OTHERS_WEIGHT: Final = 1.2
OTHERS_NAME: Final = "International"
# Between airports this far apart demand is whole; nearer, people drive; further, it falls.
WHOLE_DEMAND_NMI: Final = (250.0, 700.0)
NEAREST_NMI: Final = 75.0
DECAY_EXPONENT: Final = 1.5
# Far flights join busy airports: how far one reaches goes by the less busy end, and airports close
# to their city's middle keep to their region however busy they are.
LEAST_REACH_NMI: Final = 1_400.0
REACH_NMI_BY_WEIGHT: Final = 220.0
CITY_AIRPORTS: Final = frozenset(
    {"KLGA", "KDCA", "KMDW", "KDAL", "KSNA", "KOAK", "KSJC", "EGLC", "LIME", "LFPO", "LTFJ"}
    | {"RJOO", "RJFF", "ROAH", "RKSS", "RKPC", "SBSP", "SBRJ", "SABE", "ZSSS", "VTBD"}
)


class Network:
    """The airports of the simulation by weight, and the choice of pairs among them."""

    def __init__(self, airports: Airports) -> None:
        weights = dict(_weights(airports))
        self.airports: Final = tuple(weights)
        self._vectors: Final = tuple(unit_vector(at.lat, at.lon) for at in self.airports)
        self._reach: Final = tuple(
            LEAST_REACH_NMI
            if airport.icao in CITY_AIRPORTS
            else max(LEAST_REACH_NMI, REACH_NMI_BY_WEIGHT * weight)
            for airport, weight in weights.items()
        )
        self._cumulative: Final = tuple(accumulate(weights.values()))

    def pair(self, rng: Random) -> tuple[Airport, Airport, float]:
        """Where a flight goes from and to, and the distance in nmi."""
        origin = self._pick(rng)
        here, (x, y, z) = self.airports[origin], self._vectors[origin]
        while True:
            destination = self._pick(rng)
            there, (u, v, w) = self.airports[destination], self._vectors[destination]
            distance = EARTH_RADIUS_NMI * math.acos(max(-1.0, min(1.0, x * u + y * v + z * w)))
            if distance > min(self._reach[origin], self._reach[destination]):
                continue
            if rng.random() < _demand(distance, here.country == there.country):
                return here, there, distance

    def _pick(self, rng: Random) -> int:
        return bisect(self._cumulative, rng.random() * self._cumulative[-1])


def _weights(airports: Airports) -> Iterable[tuple[Airport, float]]:
    busy = {code: float(weight) for weight, codes in BUSY.items() for code in codes.split()}
    for airport in airports:
        if airport.icao in busy:
            yield airport, busy[airport.icao]
        elif airport.iata and OTHERS_NAME in airport.name:
            yield airport, OTHERS_WEIGHT


def _demand(distance: float, same_country: bool) -> float:
    """The chance that a pair this far apart (nmi) is taken when drawn."""
    if distance < NEAREST_NMI:
        return 0.0
    near, far = WHOLE_DEMAND_NMI
    demand = 0.7 if same_country else 0.5
    if distance < near:
        return demand * distance / near
    return demand * math.pow(min(1.0, far / distance), DECAY_EXPONENT)
