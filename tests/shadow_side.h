// The side of a duel (paging_duel.h) that runs on shadow tables.
#ifndef TESTS_SHADOW_SIDE_H
#define TESTS_SHADOW_SIDE_H

#include "tests/paging_duel.h"

extern const struct duel_side shadow_side;

#endif
