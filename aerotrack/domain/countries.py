"""The state that an aircraft's 24-bit address belongs to.

ICAO gives states blocks of addresses (Annex 10 volume III, part I, chapter 9, table 9-1). What a
state does within its block is its own affair: overseas territories are counted with it here, and
Hong Kong and Macao with China.
"""

from bisect import bisect_right
from typing import Final

# First and last address of each block, hexadecimal, and the state by ISO 3166-1 alpha-2.
_BLOCKS: Final = """
    004000-0047ff ZW, 006000-006fff MZ, 008000-00ffff ZA, 010000-017fff EG, 018000-01ffff LY,
    020000-027fff MA, 028000-02ffff TN, 030000-0307ff BW, 032000-032fff BI, 034000-034fff CM,
    035000-0357ff KM, 036000-036fff CG, 038000-038fff CI, 03e000-03efff GA, 040000-040fff ET,
    042000-042fff GQ, 044000-044fff GH, 046000-046fff GN, 048000-0487ff GW, 04a000-04a7ff LS,
    04c000-04cfff KE, 050000-050fff LR, 054000-054fff MG, 058000-058fff MW, 05a000-05a7ff MV,
    05c000-05cfff ML, 05e000-05e7ff MR, 060000-0607ff MU, 062000-062fff NE, 064000-064fff NG,
    068000-068fff UG, 06a000-06afff QA, 06c000-06cfff CF, 06e000-06efff RW, 070000-070fff SN,
    074000-0747ff SC, 076000-0767ff SL, 078000-078fff SO, 07a000-07a7ff SZ, 07c000-07cfff SD,
    080000-080fff TZ, 084000-084fff TD, 088000-088fff TG, 08a000-08afff ZM, 08c000-08cfff CD,
    090000-090fff AO, 094000-0947ff BJ, 096000-0967ff CV, 098000-0987ff DJ, 09a000-09afff GM,
    09c000-09cfff BF, 09e000-09e7ff ST, 0a0000-0a7fff DZ, 0a8000-0a8fff BS, 0aa000-0aa7ff BB,
    0ab000-0ab7ff BZ, 0ac000-0adfff CO, 0ae000-0aefff CR, 0b0000-0b0fff CU, 0b2000-0b2fff SV,
    0b4000-0b4fff GT, 0b6000-0b6fff GY, 0b8000-0b8fff HT, 0ba000-0bafff HN, 0bc000-0bc7ff VC,
    0be000-0befff JM, 0c0000-0c0fff NI, 0c2000-0c2fff PA, 0c4000-0c4fff DO, 0c6000-0c6fff TT,
    0c8000-0c8fff SR, 0ca000-0ca7ff AG, 0cc000-0cc7ff GD, 0d0000-0d7fff MX, 0d8000-0dffff VE,
    100000-1fffff RU, 201000-2017ff NA, 202000-2027ff ER, 300000-33ffff IT, 340000-37ffff ES,
    380000-3bffff FR, 3c0000-3fffff DE, 400000-43ffff GB, 440000-447fff AT, 448000-44ffff BE,
    450000-457fff BG, 458000-45ffff DK, 460000-467fff FI, 468000-46ffff GR, 470000-477fff HU,
    478000-47ffff NO, 480000-487fff NL, 488000-48ffff PL, 490000-497fff PT, 498000-49ffff CZ,
    4a0000-4a7fff RO, 4a8000-4affff SE, 4b0000-4b7fff CH, 4b8000-4bffff TR, 4c0000-4c7fff RS,
    4c8000-4c87ff CY, 4ca000-4cafff IE, 4cc000-4ccfff IS, 4d0000-4d07ff LU, 4d2000-4d27ff MT,
    4d4000-4d47ff MC, 500000-5007ff SM, 501000-5017ff AL, 501800-501fff HR, 502800-502fff LV,
    503800-503fff LT, 504800-504fff MD, 505800-505fff SK, 506800-506fff SI, 507800-507fff UZ,
    508000-50ffff UA, 510000-5107ff BY, 511000-5117ff EE, 512000-5127ff MK, 513000-5137ff BA,
    514000-5147ff GE, 515000-5157ff TJ, 516000-5167ff ME, 600000-6007ff AM, 600800-600fff AZ,
    601000-6017ff KG, 601800-601fff TM, 680000-6807ff BT, 681000-6817ff FM, 682000-6827ff MN,
    683000-6837ff KZ, 684000-6847ff PW, 700000-700fff AF, 702000-702fff BD, 704000-704fff MM,
    706000-706fff KW, 708000-708fff LA, 70a000-70afff NP, 70c000-70c7ff OM, 70e000-70efff KH,
    710000-717fff SA, 718000-71ffff KR, 720000-727fff KP, 728000-72ffff IQ, 730000-737fff IR,
    738000-73ffff IL, 740000-747fff JO, 748000-74ffff LB, 750000-757fff MY, 758000-75ffff PH,
    760000-767fff PK, 768000-76ffff SG, 770000-777fff LK, 778000-77ffff SY, 780000-7bffff CN,
    7c0000-7fffff AU, 800000-83ffff IN, 840000-87ffff JP, 880000-887fff TH, 888000-88ffff VN,
    890000-890fff YE, 894000-894fff BH, 895000-8957ff BN, 896000-896fff AE, 897000-8977ff SB,
    898000-898fff PG, 899000-8997ff TW, 8a0000-8a7fff ID, 900000-9007ff MH, 901000-9017ff CK,
    902000-9027ff WS, a00000-afffff US, c00000-c3ffff CA, c80000-c87fff NZ, c88000-c88fff FJ,
    c8a000-c8a7ff NR, c8c000-c8c7ff LC, c8d000-c8d7ff TO, c8e000-c8e7ff KI, c90000-c907ff VU,
    c91000-c917ff AD, c92000-c927ff DM, c93000-c937ff KN, c94000-c947ff SS, c95000-c957ff TL,
    c97000-c977ff TV, e00000-e3ffff AR, e40000-e7ffff BR, e80000-e80fff CL, e84000-e84fff EC,
    e88000-e88fff PY, e8c000-e8cfff PE, e90000-e90fff UY, e94000-e94fff BO
"""


def _parse(blocks: str) -> tuple[tuple[int, int, str], ...]:
    parsed = []
    for block in blocks.split(","):
        addresses, state = block.split()
        first, last = addresses.split("-")
        parsed.append((int(first, 16), int(last, 16), state))
    return tuple(parsed)


BLOCKS: Final = _parse(_BLOCKS)
_FIRSTS: Final = tuple(first for first, _, _ in BLOCKS)


def country_of(icao24: str) -> str | None:
    """The state of an ``icao24`` by ISO 3166-1 alpha-2.

    ``None`` for blocks nobody was given, and for addresses that are none of ICAO's (``~``).
    """
    if icao24[0] == "~":
        return None
    address = int(icao24, 16)
    at = bisect_right(_FIRSTS, address) - 1
    if at < 0 or address > BLOCKS[at][1]:
        return None
    return BLOCKS[at][2]
