"""Whether a text is a UCUM unit: the grammar of the Unified Code for Units of Measure over its case-sensitive atoms.

https://ucum.org/ucum (version 2.2). Nothing is converted; a unit either follows the rules or does not.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PREFIXES = ("Y", "Z", "E", "P", "T", "G", "M", "k", "h", "da", "d", "c", "m", "u", "n", "p", "f", "a", "z", "y", "Ki",
            "Mi", "Gi", "Ti")  # fmt: skip

# base and SI units, and others that take prefixes (UCUM tables 2 to 25, column "metric")
_METRIC = (
    "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc gf Ky Gal dyn erg P"
    " Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat"
    " U [iU] [IU] Np B B[SPL] B[V] B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd [c] [h] [k] [eps_0] [mu_0] [e]"
    " [m_e] [m_p] [G] [g] [ly] [lbf_av] AU"
)

_PLAIN = (
    "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo atm [lbf_av]"
    " [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] [bf_i] [cr_i]"
    " [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [fth_us] [mi_us] [acr_us] [sct] [twp]"
    " [mil_us] [in_br] [ft_br] [yd_br] [mi_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us]"
    " [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m]"
    " [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av]"
    " [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap]"
    " [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal]"
    " [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop]"
    " [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q]"
    " [kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U]"
    " [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU]"
    " [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph [car_m] [car_Au]"
    " [smoot] bit_s [m/s2/Hz^0.5] [NTU] [FNU]"
)

_ATOMS = frozenset(
    [*_METRIC.split(), *_PLAIN.split(), *(prefix + unit for prefix in _PREFIXES for unit in _METRIC.split())]
)
_TOKEN = re.compile(r"[.()/]|\{[\x21-\x7a\x7c\x7e\x20]*\}|(?:\[[^\[\]\s]*\]|10[*^]|[^\s.()/{}\[\]+\-0-9])+|[+-]?\d+")
_NUMBER = re.compile(r"\d+")
_EXPONENT = re.compile(r"[+-]?\d+")


@lru_cache(maxsize=1024)
def is_unit(text: str) -> bool:
    """True for a valid case-sensitive UCUM expression, such as mg/dL, 10*3/uL, mm[Hg] or {score}."""
    tokens = _split(text)
    if not tokens:
        return False
    rest = _term(tokens, 1 if tokens[0] == "/" and len(tokens) > 1 else 0)
    return rest == len(tokens)


def _split(text: str) -> list[str]:
    tokens = _TOKEN.findall(text)
    return tokens if "".join(tokens) == text and len(tokens) <= 64 else []


def _term(tokens: list[str], at: int) -> int:
    """Components joined by dots and slashes; the place after them, or -1."""
    at = _component(tokens, at)
    while 0 <= at < len(tokens) and tokens[at] in "./":
        at = _component(tokens, at + 1)
    return at


def _component(tokens: list[str], at: int) -> int:
    if at >= len(tokens):
        return -1
    token = tokens[at]
    if token == "(":
        end = _term(tokens, at + 1)
        return end + 1 if 0 <= end < len(tokens) and tokens[end] == ")" else -1
    if token[0] == "{":
        return at + 1
    if _NUMBER.fullmatch(token):
        return at + 1
    if token not in _ATOMS:
        return -1
    at += 1
    if at < len(tokens) and _EXPONENT.fullmatch(tokens[at]):
        at += 1
    return at + 1 if at < len(tokens) and tokens[at][0] == "{" else at
