// asm_memory.c: the assembler's memory (taken in chunks, given back all at once), growing text and
// the map from names to things.
#include "sim/asm_impl.h"

#include "sim/asm_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Memory is handed out from the front of a chunk.
struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

enum { CHUNK_SIZE = 64 * 1024, ALIGNMENT = sizeof(max_align_t) };

void *arena_alloc(struct chunk **arena, size_t n)
{
    struct chunk *c = *arena;
    if (n > SIZE_MAX / 2) {
        return NULL;
    }
    n = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!c || c->size - c->used < n) {
        size_t size = n > CHUNK_SIZE ? n : CHUNK_SIZE;
        c = calloc(1, sizeof *c + size);
        if (!c) {
            return NULL;
        }
        c->size = size;
        c->next = *arena;
        *arena = c;
    }
    void *p = (char *)c->bytes + c->used;
    c->used += n;
    return p;
}

void arena_free(struct chunk *arena)
{
    while (arena) {
        struct chunk *next = arena->next;
        free(arena);
        arena = next;
    }
}

void *asm_alloc(struct assembler *as, size_t n)
{
    if (n > as->max_memory || as->allocated > as->max_memory - n) {
        asm_fatal(as, &as->last,
                  "the program needs more than %llu MiB to assemble; make its repetitions smaller",
                  (unsigned long long)(as->max_memory >> 20));
    }
    void *p = arena_alloc(&as->chunks, n);
    if (!p) {
        asm_fatal(as, &as->last,
                  "there is not enough memory on this computer; make the program smaller");
    }
    as->allocated += n;
    return p;
}

char *asm_copy(struct assembler *as, struct str s)
{
    char *p = asm_alloc(as, s.n + 1);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

void *asm_grow(struct assembler *as, void *array, size_t count, size_t *cap, size_t element)
{
    if (count < *cap) {
        return array;
    }
    size_t bigger = *cap ? *cap * 2 : 16;
    void *p = asm_alloc(as, bigger * element);
    if (count > 0) {
        memcpy(p, array, count * element);
    }
    *cap = bigger;
    return p;
}

bool str_equal(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *b)
{
    return str_equal(a, str_of(b));
}

// ---- text ---------------------------------------------------------------------------------------

void text_add(struct assembler *as, struct text *t, struct str s)
{
    if (t->cap - t->n < s.n + 1) {
        size_t cap = (t->n + s.n + 1) * 2;
        char *p = asm_alloc(as, cap);
        if (t->n > 0) {
            memcpy(p, t->p, t->n);
        }
        t->p = p;
        t->cap = cap;
    }
    if (s.n > 0) {
        memcpy(t->p + t->n, s.p, s.n);
    }
    t->n += s.n;
    t->p[t->n] = 0;
}

void text_printf(struct assembler *as, struct text *t, const char *format, ...)
{
    char buffer[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    assert(n >= 0);
    text_add(as, t,
             (struct str){buffer, (size_t)n < sizeof buffer ? (size_t)n : sizeof buffer - 1});
}

// ---- map ----------------------------------------------------------------------------------------

// FNV-1a: short names, no hash order is ever visible.
static uint64_t hash(struct str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static struct map_slot *find_slot(struct map_slot *slots, size_t cap, struct str name)
{
    size_t i = (size_t)(hash(name) & (cap - 1));
    while (slots[i].value && !str_equal(slots[i].name, name)) {
        i = (i + 1) & (cap - 1);
    }
    return &slots[i];
}

void *map_get(const struct map *m, struct str name)
{
    return m->cap ? find_slot(m->slots, m->cap, name)->value : NULL;
}

void map_put(struct assembler *as, struct map *m, struct str name, void *value)
{
    assert(value);
    if (m->count * 2 >= m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 256;
        struct map_slot *slots = asm_alloc(as, cap * sizeof *slots);
        for (size_t i = 0; i < m->cap; i++) {
            if (m->slots[i].value) {
                *find_slot(slots, cap, m->slots[i].name) = m->slots[i];
            }
        }
        m->slots = slots;
        m->cap = cap;
    }
    struct map_slot *slot = find_slot(m->slots, m->cap, name);
    assert(!slot->value);
    *slot = (struct map_slot){name, value};
    m->count++;
}
