// Memory: a page walk entry by entry, the guest's tables beside those that stand behind them, the TLB, and the last fault.
#include "tui/axis.h"
#include "tui/view.h"

#include <stdio.h>

enum { FACE_WALK, FACE_TABLES, FACE_TLB, FACES };

// The lines of the face's list that the filter lets through, by their numbers in the snapshot.
struct list {
    int line[SNAP_WALK > SNAP_TLB ? SNAP_WALK : SNAP_TLB];
    int count, all;
};
static void make_list(const struct scene *scene, struct list *list);

static void draw_none(const struct canvas *c, int y, const struct list *list)
{
    if (list->count == 0 && list->all > 0) {
        canvas_put(c, 1, y, ROLE_DIM, say(c, "No line has the text of the filter."));
    }
}

static const char *kind_name(enum snapshot_walk_kind kind)
{
    return kind == SNAP_WALK_NESTED   ? TEXT("in two dimensions: guest and nested tables")
           : kind == SNAP_WALK_SHADOW ? TEXT("of the shadow table")
           : kind == SNAP_WALK_DIRECT ? TEXT("of the guest's own table, checked by the hypervisor")
                                      : TEXT("of the kernel's table");
}

// "P W U" and so on: what an entry allows.
static void entry_flags(uint64_t value, bool nested, char out[static 16])
{
    static const struct {
        uint64_t bit;
        char letter;
    } guest[] = {{1, 'P'},
                 {2, 'W'},
                 {4, 'U'},
                 {1u << 5, 'A'},
                 {1u << 6, 'D'},
                 {1u << 7, 'S'},
                 {UINT64_C(1) << 63, 'N'}},
      ept[] = {{1, 'R'}, {2, 'W'}, {4, 'X'}, {1u << 8, 'A'}, {1u << 9, 'D'}, {1u << 7, 'S'}};
    size_t count = nested ? sizeof ept / sizeof *ept : sizeof guest / sizeof *guest;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = nested ? ept[i].bit : guest[i].bit;
        *out++ = value & bit ? (nested ? ept[i].letter : guest[i].letter) : '-';
    }
    *out = '\0';
}

// Whose table a reference is to: of the nested dimension? While the guest has paging off that is the only one.
static bool is_nested(const struct snapshot_walk *walk, const struct snapshot_ref *ref)
{
    return ref->dim > 0 || (walk->kind == SNAP_WALK_NESTED && walk->dims == 1);
}

// ---- the walk --------------------------------------------------------------------------------------

static const char *whose(const struct catalog *words, const struct snapshot_walk *walk, bool nested)
{
    return catalog_get(words, walk->kind == SNAP_WALK_SHADOW ? "shadow"
                              : nested                       ? "nested"
                                                             : "guest");
}

static int draw_walk_head(const struct canvas *c, const struct snapshot_walk *walk)
{
    char text[256];
    snprintf(text, sizeof text, say(c, "The last walk, %s"), say(c, kind_name(walk->kind)));
    canvas_put(c, 0, 0, ROLE_HEADING, text);
    const char *what = walk->fetch   ? TEXT("fetches at")
                       : walk->write ? TEXT("writes to")
                                     : TEXT("reads");
    snprintf(text, sizeof text, "%s %s %016llx", say(c, walk->user ? "ring 3" : "the kernel"),
             say(c, what), (unsigned long long)walk->va);
    int x = canvas_put(c, 0, 1, ROLE_TEXT, text);
    if (walk->ok) {
        canvas_printf(c, x, 1, ROLE_GOOD, " → %llx", (unsigned long long)walk->address);
    } else {
        canvas_printf(
            c, x, 1, ROLE_BAD, " ✗ %s",
            say(c, walk->fault_dim > 0 ? "the nested table ends it: VM exit" : "a page fault"));
    }
    char refs[NUMBER_SIZE], full[NUMBER_SIZE], cycles[NUMBER_SIZE];
    snprintf(text, sizeof text, say(c, "%s of at most %s references, %s cycles"),
             number(refs, walk->refs), number(full, walk->full), number(cycles, walk->cycles));
    canvas_put(c, 0, 2, ROLE_TEXT, text);
    return 3;
}

// The references as a grid: a row for each level of the guest's table, a column for each nested level, with the running count.
static int draw_grid(const struct canvas *c, const struct snapshot_walk *walk, int y, int cursor)
{
    int column = 6, x0 = 12;
    canvas_put(c, 0, y, ROLE_DIM, say(c, "for"));
    for (int level = walk->nested_levels; level > 0; level--) {
        canvas_printf(c, x0 + (walk->nested_levels - level) * column, y, ROLE_DIM, "%s%d",
                      walk->nested_levels ? "EPT " : "", level);
    }
    canvas_put(c, x0 + walk->nested_levels * column, y, ROLE_DIM, say(c, "its own"));
    for (int level = walk->levels; level >= 0; level--) {
        int row = y + 1 + walk->levels - level;
        if (level > 0) {
            canvas_printf(c, 0, row, ROLE_TEXT, "%s %d", say(c, "level"), level);
        } else if (walk->nested_levels > 0) {
            canvas_put(c, 0, row, ROLE_TEXT, say(c, "the data"));
        }
    }
    for (uint32_t i = 0; i < walk->count && i < SNAP_WALK; i++) {
        const struct snapshot_ref *ref = &walk->ref[i];
        bool nested = is_nested(walk, ref);
        int level = ref->dim > 0 ? ref->for_level : nested ? 0 : ref->level;
        int row = y + 1 + walk->levels - level;
        int at = x0 + (nested ? walk->nested_levels - ref->level : walk->nested_levels) * column;
        canvas_printf(c, at, row,
                      (int)i == cursor ? ROLE_HERE
                      : nested         ? ROLE_MONITOR
                                       : ROLE_WALK,
                      "%3u%s", ref->running, nested ? " " : "●");
    }
    return y + 2 + walk->levels + (walk->nested_levels > 0);
}

static void ref_text(const struct catalog *words, const struct snapshot_walk *walk,
                     const struct snapshot_ref *ref, char *out, size_t size)
{
    char flags[16];
    entry_flags(ref->value, is_nested(walk, ref), flags);
    snprintf(out, size, "%3u  %s %u  [%3u] @%010llx  %016llx %-7s %s%s", ref->running,
             whose(words, walk, is_nested(walk, ref)), ref->level, ref->index,
             (unsigned long long)ref->entry, (unsigned long long)ref->value, flags,
             ref->set_a ? "+A" : "", ref->set_d ? "+D" : "");
}

static void draw_ref(const struct canvas *c, const struct snapshot_walk *walk, int y, int line,
                     const struct snapshot_ref *ref, bool selected)
{
    char text[160];
    ref_text(c->words, walk, ref, text, sizeof text);
    int x = canvas_put(c, 1, y, is_nested(walk, ref) ? ROLE_MONITOR : ROLE_WALK, text);
    if (ref->leaf && ref->value & 1) {
        canvas_put(c, x + 1, y, ROLE_DIM, say(c, "leaf"));
    }
    put_line(c, y, line, selected);
}

static void draw_walk(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot_walk *walk = &scene->now->walk;
    const struct view_place *place = &scene->place[VIEW_MEMORY];
    if (walk->kind == SNAP_WALK_NONE) {
        canvas_put(c, 0, 0, ROLE_DIM,
                   say(c, "No walk yet: with paging off an address is where it says."));
        return;
    }
    struct list list;
    make_list(scene, &list);
    int y = draw_walk_head(c, walk), cursor = place->cursor;
    bool wide = c->area.w >= 110;
    struct canvas grid =
        canvas_part(c, (struct rect){wide ? 74 : 0, wide ? 0 : y, c->area.w, c->area.h});
    int grid_end = draw_grid(&grid, walk, 0, cursor < list.count ? list.line[cursor] : -1);
    struct canvas below = canvas_part(
        c, (struct rect){0, wide ? y + 1 : y + grid_end, wide ? 73 : c->area.w, c->area.h});
    int rows = below.area.h, first = scroll_to(place->scroll, cursor, list.count, rows);
    for (int i = first; i < list.count && i - first < rows; i++) {
        draw_ref(&below, walk, i - first, i, &walk->ref[list.line[i]], i == cursor);
    }
    draw_none(&below, 0, &list);
}

// ---- tables side by side ---------------------------------------------------------------------------

static void draw_entries(const struct canvas *c, const struct snapshot_entry *entry, uint32_t count,
                         bool nested, bool ok, uint64_t result)
{
    int y = 1;
    if (count == 0) {
        canvas_put(c, 2, y, ROLE_DIM, say(c, "nothing to look up: the guest's table ends it"));
        return;
    }
    for (uint32_t i = 0; i < count && i < SNAP_TABLE; i++, y += 2) {
        char flags[16];
        entry_flags(entry[i].value, nested, flags);
        canvas_printf(c, 0, y, ROLE_DIM, "%u", entry[i].level);
        canvas_printf(c, 2, y, nested ? ROLE_MONITOR : ROLE_WALK, "[%3u]", entry[i].index);
        canvas_printf(c, 8, y, entry[i].present ? ROLE_TEXT : ROLE_BAD, "%016llx",
                      (unsigned long long)entry[i].value);
        canvas_put(c, 25, y, ROLE_DIM, flags);
        canvas_printf(c, 4, y + 1, ROLE_DIM, entry[i].leaf ? "▼ %s" : "▼", say(c, "page"));
    }
    if (ok) {
        canvas_printf(c, 2, y, ROLE_GOOD, "→ %llx", (unsigned long long)result);
    } else {
        canvas_printf(c, 2, y, ROLE_BAD, "✗ %s", say(c, "not mapped"));
    }
}

static void draw_tables(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot_tables *t = &scene->now->tables;
    int half = c->area.w / 2;
    if (!t->valid) {
        canvas_put(c, 0, 0, ROLE_DIM,
                   say(c, "No address to look up yet; :look ADDRESS chooses one."));
        return;
    }
    canvas_printf(c, 0, 0, ROLE_HEADING, "%s %016llx", say(c, "Tables for"),
                  (unsigned long long)t->va);
    struct canvas left = canvas_part(c, (struct rect){0, 1, half, c->area.h - 1});
    struct canvas right = canvas_part(c, (struct rect){half, 1, c->area.w - half, c->area.h - 1});
    canvas_put(&left, 0, 0, ROLE_HEADING, say(c, "guest table: virtual to guest-physical"));
    draw_entries(&left, t->guest, t->guest_count, false, t->guest_ok, t->gpa);
    bool nested = t->kind == SNAP_WALK_NESTED;
    if (t->kind == SNAP_WALK_SHADOW || nested) {
        canvas_put(&right, 0, 0, ROLE_HEADING,
                   say(c, nested ? "nested table: guest- to host-physical"
                                 : "shadow table: virtual to host-physical"));
        draw_entries(&right, t->other, t->other_count, nested, t->other_ok, t->hpa);
    } else {
        canvas_wrap(&right, canvas_rect(&right), ROLE_DIM,
                    say(c, "The processor walks this very table: there is no other one behind it."),
                    0);
    }
}

// ---- TLB -------------------------------------------------------------------------------------------

static const char *const arrays[] = {"L1 I", "L1 D", "L2"};

static void tlb_text(const struct snapshot_tlb_entry *e, char *out, size_t size)
{
    snprintf(out, size, "%-5s %5u %5u  %016llx → %010llx  %-4s  %c%c%c%c%s", arrays[e->array],
             e->vpid, e->asid, (unsigned long long)e->va, (unsigned long long)e->pa,
             e->huge ? "2M" : "4K", e->w ? 'W' : '-', e->u ? 'U' : '-', e->nx ? 'N' : '-',
             e->d ? 'D' : '-', e->nested_w ? "" : " -w");
}

static void draw_tlb_head(const struct canvas *c, int y)
{
    canvas_put(c, 1, y, ROLE_DIM, say(c, "array"));
    canvas_right(c, 12, y, ROLE_DIM, "VPID");
    canvas_right(c, 18, y, ROLE_DIM, "ASID");
    canvas_put(c, 20, y, ROLE_DIM, say(c, "virtual"));
    canvas_put(c, 39, y, ROLE_DIM, say(c, "physical"));
    canvas_put(c, 51, y, ROLE_DIM, say(c, "size"));
    canvas_put(c, 57, y, ROLE_DIM, say(c, "rights"));
}

static void draw_tlb(const struct canvas *c, const struct scene *scene)
{
    const struct view_place *place = &scene->place[VIEW_MEMORY];
    const struct snapshot_tlb *tlb = &scene->now->tlb[scene->now->focus];
    int x = canvas_put(c, 0, 0, ROLE_HEADING, "TLB  ");
    for (int i = 0; i < 3; i++) {
        x = canvas_printf(c, x, 0, ROLE_TEXT, "%s %u/%u   ", arrays[i], tlb->used[i], tlb->size[i]);
    }
    draw_tlb_head(c, 1);
    struct list list;
    make_list(scene, &list);
    int rows = c->area.h - 2, first = scroll_to(place->scroll, place->cursor, list.count, rows);
    draw_none(c, 2, &list);
    for (int i = first; i < list.count && i - first < rows; i++) {
        const struct snapshot_tlb_entry *e = &tlb->entry[list.line[i]];
        char text[120];
        int y = 2 + i - first;
        tlb_text(e, text, sizeof text);
        canvas_put(c, 1, y, e->array == SNAP_TLB_L2 ? ROLE_DIM : ROLE_TEXT, text);
        put_line(c, y, i, i == place->cursor);
    }
}

// ---- the last fault --------------------------------------------------------------------------------

static void draw_fault(const struct canvas *c, const struct snapshot_fault *f)
{
    static const char *const owners[] = {
        [SNAP_FAULT_NONE] = TEXT("none yet"),
        [SNAP_FAULT_GUEST] = TEXT("the guest's own: delivered to its kernel"),
        [SNAP_FAULT_SHADOW] =
            TEXT("the shadow's: only its entry was missing; the guest never sees it"),
        [SNAP_FAULT_NESTED] =
            TEXT("the nested table's: the hypervisor adds a page; the guest never sees it"),
        [SNAP_FAULT_TABLE_WRITE] =
            TEXT("a store to a guarded guest page table: the hypervisor follows it"),
        [SNAP_FAULT_DEVICE] = TEXT("no RAM is there: a device's register, to be emulated"),
    };
    bool guests = f->owner == SNAP_FAULT_GUEST || f->owner == SNAP_FAULT_NONE;
    canvas_hline(c, 0, 0, c->area.w, ROLE_FRAME);
    canvas_printf(c, 2, 0, ROLE_HEADING, " %s ", say(c, "the last fault"));
    if (f->owner != SNAP_FAULT_NONE) {
        canvas_printf(c, 0, 1, ROLE_TEXT, "%s %s %016llx  gpa %llx  pc %llx",
                      say(c, f->user ? "ring 3" : "the kernel"),
                      say(c, f->fetch   ? "fetches at"
                             : f->write ? "writes to"
                                        : "reads"),
                      (unsigned long long)f->va, (unsigned long long)f->gpa,
                      (unsigned long long)f->pc);
    }
    canvas_put(c, 0, f->owner != SNAP_FAULT_NONE ? 2 : 1, guests ? ROLE_TEXT : ROLE_MONITOR,
               say(c, owners[f->owner]));
}

static void draw_memory(const struct canvas *c, const struct scene *scene)
{
    static void (*const faces[])(const struct canvas *,
                                 const struct scene *) = {draw_walk, draw_tables, draw_tlb};
    static const char *const names[] = {TEXT("walk"), TEXT("tables"), TEXT("TLB")};
    int x = 0, mode = scene->place[VIEW_MEMORY].mode % FACES;
    for (int i = 0; i < FACES; i++) {
        x = canvas_printf(c, x, 0, i == mode ? ROLE_SELECT : ROLE_DIM, i == mode ? "[%s]" : " %s ",
                          say(c, names[i])) +
            1;
    }
    canvas_put(c, x + 1, 0, ROLE_KEY, "t");
    bool both = mode == FACE_WALK && c->area.h >= 34; // there is room for the tables as well
    int low = c->area.h - 3 - 2 * (SNAP_TABLE + 1);
    struct canvas body =
        canvas_part(c, (struct rect){0, 1, c->area.w, (both ? low : c->area.h - 3) - 1});
    faces[mode](&body, scene);
    if (both) {
        struct canvas tables =
            canvas_part(c, (struct rect){0, low, c->area.w, c->area.h - 3 - low});
        draw_tables(&tables, scene);
    }
    struct canvas fault = canvas_part(c, (struct rect){0, c->area.h - 3, c->area.w, 3});
    draw_fault(&fault, &scene->now->fault);
}

// What line `i` of the snapshot says, on the face that is shown.
static void line_text(const struct scene *scene, int i, char *out, size_t size)
{
    const struct snapshot *s = scene->now;
    if (scene->place[VIEW_MEMORY].mode % FACES == FACE_WALK) {
        ref_text(scene->words, &s->walk, &s->walk.ref[i], out, size);
    } else {
        tlb_text(&s->tlb[s->focus].entry[i], out, size);
    }
}

static void make_list(const struct scene *scene, struct list *list)
{
    const struct snapshot *s = scene->now;
    int mode = scene->place[VIEW_MEMORY].mode % FACES;
    char text[160];
    list->count = 0;
    list->all = mode == FACE_WALK  ? (int)s->walk.count
                : mode == FACE_TLB ? (int)s->tlb[s->focus].count
                                   : 0;
    for (int i = 0; i < list->all; i++) {
        line_text(scene, i, text, sizeof text);
        if (text_has(text, scene->filter)) {
            list->line[list->count++] = i;
        }
    }
}

static int lines_of_memory(const struct scene *scene)
{
    struct list list;
    make_list(scene, &list);
    return list.count;
}

static void text_of_memory(const struct scene *scene, int line, char *out, size_t size)
{
    struct list list;
    make_list(scene, &list);
    line_text(scene, list.line[line], out, size);
}

const struct view view_memory = {.id = VIEW_MEMORY,
                                 .tab = "Memory",
                                 .draw = draw_memory,
                                 .lines = lines_of_memory,
                                 .text = text_of_memory,
                                 .filters = true,
                                 .modes = FACES};
