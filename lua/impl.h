// Between the parts of lua/.
#ifndef RINGSIDE_LUA_IMPL_H
#define RINGSIDE_LUA_IMPL_H

#include "lua/script.h"

struct lua_State; // Lua's own, so that this header needs none of its headers

// Puts Ringside's functions into the globals of the state.
void api_open(struct lua_State *L, const struct script_host *host);

#endif
