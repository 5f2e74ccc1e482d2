// session_break.c: where a session stops without having been told how far to go.
#include "models/session_impl.h"

#include "sim/catalog.h"
#include "sim/machine_internal.h"

#include <stdio.h>
#include <stdlib.h>

static int find_reason(const char *name)
{
    for (int r = 0; r < EXIT_REASONS; r++) {
        const char *is = exit_name((unsigned)r);
        if (is && strcmp(is, name) == 0) {
            return r;
        }
    }
    return -1;
}

// "0x1000" or a symbol.
static bool parse_address(const struct session *s, const char *text, uint64_t *out, char *err,
                          size_t err_size)
{
    char *end = NULL;
    if (text[0] >= '0' && text[0] <= '9') {
        *out = strtoull(text, &end, 0);
        if (*end == '\0') {
            return true;
        }
        snprintf(err, err_size, TEXT("%s: no address; write it like 0x10040"), text);
        return false;
    }
    if (session_symbol(s, text, out)) {
        return true;
    }
    snprintf(err, err_size, TEXT("%s: no such symbol in the guest; write an address like 0x10040"),
             text);
    return false;
}

static const char *behind(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static bool parse(const struct session *s, const char *text, struct session_break *b, char *err,
                  size_t err_size)
{
    const char *rest;
    b->enabled = true;
    snapshot_text(b->text, sizeof b->text, text);
    if ((rest = behind(text, "exit:")) != NULL) {
        b->kind = BREAK_EXIT;
        int reason = find_reason(rest);
        b->value = strcmp(rest, "any") == 0 ? SESSION_ANY : (uint64_t)reason;
        if (b->value != SESSION_ANY || strcmp(rest, "any") == 0) {
            return true;
        }
        snprintf(
            err, err_size,
            TEXT("%s: no such exit reason; 'ringside list exits' shows them, or write exit:any"),
            rest);
        return false;
    }
    if ((rest = behind(text, "write:")) != NULL) {
        b->kind = BREAK_WRITE;
        return parse_address(s, rest, &b->value, err, err_size);
    }
    b->kind = BREAK_ADDRESS;
    return parse_address(s, text, &b->value, err, err_size);
}

int session_break(struct session *s, const char *text, char *err, size_t err_size)
{
    struct session_break b;
    memset(&b, 0, sizeof b);
    if (s->break_count == SNAP_BREAKS) {
        snprintf(err, err_size, TEXT("there are %d breakpoints already; remove one"),
                 (int)SNAP_BREAKS);
        return -1;
    }
    if (!parse(s, text, &b, err, err_size)) {
        return -1;
    }
    s->breaks[s->break_count] = b;
    s->break_count++;
    session_break_prepare(s);
    return (int)s->break_count - 1;
}

void session_break_remove(struct session *s, unsigned i)
{
    if (i < s->break_count) {
        s->break_count--;
        memmove(&s->breaks[i], &s->breaks[i + 1], (s->break_count - i) * sizeof *s->breaks);
        session_break_prepare(s);
    }
}

void session_break_enable(struct session *s, unsigned i, bool on)
{
    if (i < s->break_count) {
        s->breaks[i].enabled = on;
        session_break_prepare(s);
    }
}

const struct session_break *session_break_at(const struct session *s, unsigned i)
{
    return i < s->break_count ? &s->breaks[i] : NULL;
}

int session_hit(const struct session *s)
{
    return s->state == SESSION_BREAK ? s->hit : -1;
}

// ---- for session.c --------------------------------------------------------------------------------

static bool has(const struct session *s, enum session_break_kind kind)
{
    for (unsigned i = 0; i < s->break_count; i++) {
        if (s->breaks[i].enabled && s->breaks[i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool session_break_steps(const struct session *s)
{
    return has(s, BREAK_ADDRESS) || has(s, BREAK_WRITE);
}

bool session_break_exits(const struct session *s)
{
    return has(s, BREAK_EXIT);
}

static uint64_t watched(const struct session *s, const struct session_break *b)
{
    uint64_t value = 0;
    snapshot_read(s->vm, 0, b->value, &value, sizeof value);
    return value;
}

void session_break_prepare(struct session *s)
{
    for (unsigned i = 0; i < s->break_count; i++) {
        if (s->breaks[i].kind == BREAK_WRITE) {
            s->break_value[i] = watched(s, &s->breaks[i]);
        }
    }
}

static bool someone_at(const struct session *s, uint64_t pc)
{
    struct cpu_state g;
    vm_state(s->vm, s->vm->m->turn, &g); // whoever has just moved
    return g.pc == pc && !g.halted && !g.parked;
}

static bool holds(struct session *s, unsigned i)
{
    const struct session_break *b = &s->breaks[i];
    switch (b->kind) {
    case BREAK_ADDRESS: return someone_at(s, b->value);
    case BREAK_EXIT:
        return s->observer->paused_exit &&
               (b->value == SESSION_ANY || b->value == (uint64_t)(int64_t)s->observer->last_reason);
    case BREAK_WRITE: {
        uint64_t now = watched(s, b), before = s->break_value[i];
        s->break_value[i] = now;
        return now != before;
    }
    }
    return false;
}

bool session_break_holds(struct session *s)
{
    for (unsigned i = 0; i < s->break_count; i++) {
        if (s->breaks[i].enabled && holds(s, i)) {
            s->hit = (int)i;
            s->breaks[i].hits++;
            return true;
        }
    }
    return false;
}
