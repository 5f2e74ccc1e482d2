Published tables. Cells that set a cost must come out as they were put in; the rest is prediction, whose errors may
move with the models, but not who is the slower where that is known.

  $ ringside validate adams06 | head -3 | cut -c 1-38
  adams06: nanobenchmarks on a Pentium 4
  
                  native   here  error  
  $ ringside validate adams06 | grep -o '^[a-zP].*[+-][0-9]*%c' | grep -c '+0%c'
  6
  $ ringside validate adams06 | grep '^c ' | head -3
  c syscall, native: set insn.syscall
  c in (port 0x80), native: set insn.in
  c cr8wr, native: set insn.cr8

The architecture's own arithmetic: 4 references, 24 in two dimensions, 19 with 2 MiB nested pages.

  $ ringside validate walks | grep '^references'
  references    4.00  4.00   +0%p   24    24   +0%p          19    19   +0%p

BT wins on the Pentium 4, EPT from Nehalem on; nothing calibrated is off.

  $ ringside validate crossover-p4 crossover-nehalem | grep Who
  Who is faster is as known in 8 of 8 cases.
  Who is faster is as known in 4 of 4 cases.
  $ ringside validate >all; echo $?
  0
  $ ringside validate --export-json - walks | sed 's/: .*[0-9],$/: …,/' | head -16
  {
    "schema": "ringside/validate/1",
    "tool_version": "0.1.0",
    "seed": …,
    "tables": [
      {
        "table": "walks",
        "paper": "BHARGAVA08",
        "title": "references of one page walk, 4 levels in each dimension, no caches; 2 MiB: nested pages",
        "cells": [
          {
            "row": "references",
            "column": "native",
            "architecture": "native",
            "cpu": "opteron",
            "published_thousandths": …,

Mistakes.

  $ ringside validate adams05
  ringside: validate: no table 'adams05'; there are adams06-build, adams06-rdtsc, adams06, crossover-nehalem, crossover-p4, felter14, suger01, walk-latency, walks, xen03
  [2]
