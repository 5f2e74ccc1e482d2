.include "open.inc"
