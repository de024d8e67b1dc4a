"""The airlines of the simulated world: who flies from where, with what, called how."""

from typing import Final, NamedTuple

from aerotrack.domain.simulation.performance import TYPES, Performance


class Airline(NamedTuple):
    """``designator`` is the ICAO one. One end of each flight lies in one of the ``homes``, the
    first of which is where the aircraft are registered. ``fleet`` is how busy it is beside others.
    ``letters`` says that its callsigns may end in letters, as is usual in Europe."""

    designator: str
    homes: tuple[str, ...]
    fleet: int
    types: tuple[Performance, ...]
    letters: bool


def _airline(designator: str, homes: str, fleet: int, types: str, letters: bool = False) -> Airline:
    used = tuple(TYPES[typecode] for typecode in types.split())
    return Airline(designator, tuple(homes.split()), fleet, used, letters)


# Designators (ICAO Doc 8585), homes and fleets in round figures; no claim to be complete.
AIRLINES: Final = (
    _airline("AAL", "US", 95, "A319 A320 A321 A21N B738 B38M B772 B77W B789"),
    _airline("DAL", "US", 95, "A319 A320 A321 A21N BCS3 B738 B763 A333 A359"),
    _airline("UAL", "US", 95, "A319 A320 A21N B738 B38M B763 B772 B77W B789"),
    _airline("SWA", "US", 80, "B738 B38M"),
    _airline("SKW", "US", 50, "CRJ9 E75L"),
    _airline("RPA", "US", 25, "E75L"),
    _airline("ENY", "US", 18, "E75L"),
    _airline("JBU", "US", 27, "A320 A21N A321 BCS3"),
    _airline("ASA", "US", 30, "B738 B38M E75L"),
    _airline("NKS", "US", 18, "A320 A20N A21N"),
    _airline("FFT", "US", 15, "A20N A21N"),
    _airline("HAL", "US", 6, "A21N A333 B789"),
    _airline("FDX", "US", 20, "B763 B772 AT76"),
    _airline("UPS", "US", 15, "B763"),
    _airline("ACA", "CA", 25, "A319 A320 A321 BCS3 B38M A333 B77W B789"),
    _airline("WJA", "CA", 15, "B738 B38M B789"),
    _airline("JZA", "CA", 10, "DH8D CRJ9 E75L"),
    _airline("AMX", "MX", 13, "B738 B38M E190 B789"),
    _airline("VOI", "MX", 11, "A20N A21N A320"),
    _airline("VIV", "MX", 8, "A20N A21N"),
    _airline("CMP", "PA", 10, "B738 B38M"),
    _airline("AVA", "CO", 11, "A319 A320 A20N B789"),
    _airline("TAM", "BR", 16, "A319 A320 A20N A321 B77W B789"),
    _airline("GLO", "BR", 13, "B738 B38M"),
    _airline("AZU", "BR", 16, "A20N AT76 E190 A333"),
    _airline("ARG", "AR", 8, "B738 B38M E190 A333"),
    _airline("LAN", "CL", 12, "A320 A321 A20N B789"),
    _airline("LPE", "PE", 5, "A319 A320 B763"),
    _airline("BAW", "GB", 26, "A319 A320 A20N A321 A359 B77W B789 A388", letters=True),
    _airline("EZY", "GB FR IT ES PT DE NL CH", 30, "A319 A320 A20N A21N", letters=True),
    _airline("EXS", "GB", 10, "B738 A21N", letters=True),
    _airline("LOG", "GB", 4, "AT76", letters=True),
    _airline("VIR", "GB", 4, "A333 A359 B789", letters=True),
    _airline("RYR", "IE GB IT ES DE PL PT FR BE HU GR MA", 55, "B738 B38M", letters=True),
    _airline("EIN", "IE", 6, "A320 A20N A21N A333", letters=True),
    _airline("AFR", "FR", 22, "A319 A320 A321 BCS3 A333 A359 B77W B789", letters=True),
    _airline("TVF", "FR", 9, "B738 A20N", letters=True),
    _airline("KLM", "NL", 18, "B738 A21N E190 A333 B772 B77W B789", letters=True),
    _airline("TRA", "NL", 8, "B738 A21N", letters=True),
    _airline("BEL", "BE", 4, "A319 A320 A20N A333", letters=True),
    _airline("DLH", "DE", 28, "A319 A320 A20N A321 A21N A333 A359 B789 A388", letters=True),
    _airline("EWG", "DE", 11, "A319 A320 A20N A21N", letters=True),
    _airline("CFG", "DE", 5, "A320 A321 A21N A333", letters=True),
    _airline("SWR", "CH", 9, "A320 A20N A321 BCS3 A333 B77W", letters=True),
    _airline("AUA", "AT", 7, "A320 A20N A321 E190 B763 B772", letters=True),
    _airline("IBE", "ES", 10, "A319 A320 A20N A321 A333 A359", letters=True),
    _airline("VLG", "ES FR IT", 14, "A319 A320 A20N A321", letters=True),
    _airline("AEA", "ES", 5, "B738 E190 B789", letters=True),
    _airline("TAP", "PT", 10, "A319 A320 A20N A21N E190 A333", letters=True),
    _airline("ITY", "IT", 9, "A319 A320 A20N BCS3 A333 A359", letters=True),
    _airline("SAS", "DK SE NO", 13, "A319 A320 A20N CRJ9 A333 A359", letters=True),
    _airline("NOZ", "NO SE DK", 9, "B738 B38M", letters=True),
    _airline("WIF", "NO", 5, "DH8D", letters=True),
    _airline("FIN", "FI", 8, "A319 A320 A321 E190 AT76 A333 A359", letters=True),
    _airline("ICE", "IS", 4, "B38M B763", letters=True),
    _airline("LOT", "PL", 8, "E190 B738 B38M DH8D B789", letters=True),
    _airline("WZZ", "HU PL GB IT AT GR", 20, "A320 A20N A321 A21N", letters=True),
    _airline("AEE", "GR", 6, "A320 A20N A21N AT76", letters=True),
    _airline("THY", "TR", 30, "A319 A321 A21N B738 B38M A333 A359 B77W B789", letters=True),
    _airline("PGT", "TR", 11, "A20N A21N B738", letters=True),
    _airline("AFL", "RU", 18, "A320 A20N A321 B738 A333 B77W"),
    _airline("SBI", "RU", 7, "A320 A20N B738 E190"),
    _airline("ELY", "IL", 5, "B738 B772 B789"),
    _airline("UAE", "AE", 26, "B77W A388 A359"),
    _airline("ETD", "AE", 9, "A320 A321 A359 B789"),
    _airline("FDB", "AE", 9, "B738 B38M"),
    _airline("QTR", "QA", 22, "A320 A21N A333 A359 B77W B789 A388"),
    _airline("SVA", "SA", 14, "A320 A321 A21N A333 B77W B789"),
    _airline("KNE", "SA", 7, "A20N A333"),
    _airline("MSR", "EG", 7, "A20N A21N B738 B77W B789"),
    _airline("RAM", "MA", 6, "B738 B38M E190 B789"),
    _airline("ETH", "ET", 12, "DH8D B738 B38M A359 B77W B789"),
    _airline("KQA", "KE", 4, "E190 B738 B789"),
    _airline("SFR", "ZA", 4, "A320 B738"),
    _airline("SAA", "ZA", 3, "A320 A333"),
    _airline("IGO", "IN", 34, "A20N A21N A320 AT76"),
    _airline("AIC", "IN", 18, "A320 A20N A21N B77W B772 B789 A359"),
    _airline("PIA", "PK", 4, "A320 B772 AT76"),
    _airline("CSN", "CN", 40, "A319 A320 A20N A321 A21N B738 B38M A333 A359 B77W B789"),
    _airline("CES", "CN", 40, "A319 A320 A20N A321 B738 A333 A359 B77W B789"),
    _airline("CCA", "CN", 35, "A319 A320 A20N A321 A21N B738 A333 A359 B77W B789"),
    _airline("CHH", "CN", 18, "B738 B38M A333 B789"),
    _airline("CSZ", "CN", 15, "A320 A20N B738 A333"),
    _airline("CSC", "CN", 13, "A319 A320 A20N A321 A333 A359"),
    _airline("CQH", "CN", 10, "A320 A20N A21N"),
    _airline("CPA", "HK", 13, "A21N A333 A359 B77W"),
    _airline("EVA", "TW", 6, "A321 A333 B77W B789"),
    _airline("CAL", "TW", 6, "A21N B738 A333 A359 B77W"),
    _airline("JAL", "JP", 20, "B738 B763 A359 B77W B789 E190"),
    _airline("ANA", "JP", 22, "A320 A20N A21N B738 B763 B772 B77W B789 DH8D"),
    _airline("KAL", "KR", 14, "A21N BCS3 B738 B38M A333 B77W B789 A388"),
    _airline("AAR", "KR", 9, "A321 A21N A333 A359 B772"),
    _airline("JJA", "KR", 5, "B738 B38M"),
    _airline("THA", "TH", 7, "A320 A333 A359 B77W B789"),
    _airline("AIQ", "TH", 6, "A320 A20N A21N"),
    _airline("SIA", "SG", 14, "B38M A359 B77W B789 A388"),
    _airline("TGW", "SG", 5, "A320 A20N A21N B789"),
    _airline("AXM", "MY", 11, "A320 A20N A21N"),
    _airline("MAS", "MY", 8, "B738 B38M A333 A359"),
    _airline("GIA", "ID", 7, "B738 A333 B77W"),
    _airline("LNI", "ID", 13, "B738 B38M A333"),
    _airline("WON", "ID", 6, "AT76"),
    _airline("CEB", "PH", 7, "A320 A20N A21N AT76 A333"),
    _airline("PAL", "PH", 6, "A320 A321 A21N DH8D B77W A359"),
    _airline("HVN", "VN", 8, "A321 A21N A359 B789 AT76"),
    _airline("VJC", "VN", 7, "A320 A321 A21N A333"),
    _airline("QFA", "AU", 13, "B738 E190 DH8D A333 B789 A388"),
    _airline("JST", "AU", 8, "A320 A20N A21N B789"),
    _airline("VOZ", "AU", 8, "B738 B38M"),
    _airline("ANZ", "NZ", 9, "A320 A20N A21N AT76 B77W B789"),
)
