// Code: the instructions around the one that comes next with their source, the registers, breakpoints and watches.
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static const char *const register_names[16] = {"zero", "a0", "a1", "a2", "a3", "a4", "a5", "s0",
                                               "s1",   "s2", "s3", "t0", "t1", "t2", "lr", "sp"};

static void draw_line(const struct canvas *c, int y, const struct snapshot_cpu *cpu, uint32_t i,
                      bool selected)
{
    const struct snapshot_code *code = &cpu->code[i];
    bool here = i == cpu->code_at;
    canvas_put(c, 1, y, code->has_break ? ROLE_BAD : ROLE_PATH,
               code->has_break ? "●"
               : here          ? "▶"
                               : " ");
    int x = canvas_printf(c, 3, y, ROLE_DIM, "%016llx  ", (unsigned long long)code->addr);
    if (code->readable) {
        x = canvas_put(c, x, y, here ? ROLE_HERE : ROLE_TEXT, code->text);
    } else {
        x = canvas_put(c, x, y, ROLE_DIM, "??");
    }
    if (code->symbol[0]) {
        canvas_printf(c, x < 48 ? 48 : x + 1, y, ROLE_HEADING, "<%s>", code->symbol);
    } else if (code->line > 0) {
        canvas_printf(c, x < 48 ? 48 : x + 1, y, ROLE_DIM, ":%u", code->line);
    }
    if (selected && here) {
        put_line(c, y, (int)i, false);
        canvas_put(c, 0, y, ROLE_KEY, "▶");
    } else {
        put_line(c, y, (int)i, selected);
    }
}

static void draw_registers(const struct canvas *c, const struct snapshot_cpu *cpu)
{
    int x = canvas_printf(c, 0, 0, ROLE_HEADING, "%s %u", say(c, "ring"), cpu->ring);
    if (cpu->real_ring != cpu->ring) {
        canvas_printf(c, x + 1, 0, ROLE_MONITOR, "(%s %u)", say(c, "really"), cpu->real_ring);
    } else if (cpu->non_root) {
        canvas_put(c, x + 1, 0, ROLE_MONITOR, say(c, "non-root mode"));
    }
    int y = 1;
    for (int i = 1; i < 16 && y < c->area.h; i++, y++) {
        canvas_put(c, 0, y, ROLE_DIM, register_names[i]);
        canvas_printf(c, 5, y, cpu->r[i] ? ROLE_TEXT : ROLE_DIM, "%016llx",
                      (unsigned long long)cpu->r[i]);
    }
    const struct {
        const char *name;
        uint64_t value;
    } system[] = {{"flag", cpu->flags}, {"msw", cpu->msw}, {"ptbr", cpu->ptbr},
                  {"vbar", cpu->vbar},  {"far", cpu->far}, {"kstk", cpu->kstack},
                  {"lstr", cpu->lstar}};
    for (size_t i = 0; i < sizeof system / sizeof *system && y < c->area.h; i++, y++) {
        canvas_put(c, 0, y, ROLE_KERNEL, system[i].name);
        canvas_printf(c, 5, y, ROLE_TEXT, "%016llx", (unsigned long long)system[i].value);
    }
}

static void draw_breaks(const struct canvas *c, const struct scene *scene)
{
    int x = canvas_printf(c, 0, 0, ROLE_HEADING, "%s ", say(c, "stops at"));
    if (scene->break_count == 0) {
        canvas_put(c, x + 1, 0, ROLE_DIM,
                   say(c, "nothing; b sets a breakpoint, ':break exit:CPUID' a watch"));
    }
    for (unsigned i = 0; i < scene->break_count; i++) {
        const struct session_break *b = &scene->breaks[i];
        char text[SNAP_NAME + 48];
        snprintf(text, sizeof text, "%u: %s (%llu)", i + 1, b->text, (unsigned long long)b->hits);
        x = canvas_put(c, x + 1, 0, b->enabled ? ROLE_BAD : ROLE_DIM, text) + 1;
    }
}

static void draw_code(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot *s = scene->now;
    const struct snapshot_cpu *cpu = &s->cpu[s->focus];
    int w = c->area.w, side = 23, y = 0;
    if (w >= 100) {
        side = 30;
    }
    canvas_printf(c, 0, y, ROLE_HEADING, "CPU %u  %s", s->focus, cpu->program);
    canvas_printf(c, 16, y++, ROLE_TEXT, "%s+0x%llx", cpu->symbol, (unsigned long long)cpu->offset);
    if (cpu->line > 0) {
        struct canvas line = canvas_part(c, (struct rect){0, y++, w - side - 1, 1});
        int x = canvas_printf(&line, 0, 0, ROLE_DIM, "%s:%u ", cpu->file, cpu->line);
        canvas_put(&line, x + 1, 0, ROLE_USER, cpu->source);
    }
    struct canvas list = canvas_part(c, (struct rect){0, y, w - side - 1, c->area.h - y - 3});
    int rows = list.area.h, lines = (int)cpu->code_count, cursor = scene->place[VIEW_CODE].cursor;
    cursor = cursor < lines ? cursor : lines - 1;
    int first = scroll_to(cursor - rows / 2, cursor, lines, rows);
    for (int i = first; i < lines && i - first < rows; i++) {
        draw_line(&list, i - first, cpu, (uint32_t)i, i == cursor);
    }
    struct canvas registers = canvas_part(c, (struct rect){w - side, 0, side, c->area.h - 3});
    draw_registers(&registers, cpu);
    struct canvas breaks = canvas_part(c, (struct rect){0, c->area.h - 3, w, 1});
    draw_breaks(&breaks, scene);
    char story[512];
    story_text_in(c, &s->story, story, sizeof story);
    canvas_wrap(c, (struct rect){0, c->area.h - 2, w, 2}, ROLE_DIM, story, 0);
}

static int lines_of_code(const struct scene *scene)
{
    return (int)scene->now->cpu[scene->now->focus].code_count;
}

static void text_of_code(const struct scene *scene, int line, char *out, size_t size)
{
    const struct snapshot_code *code = &scene->now->cpu[scene->now->focus].code[line];
    snprintf(out, size, "%016llx %s %s", (unsigned long long)code->addr, code->text, code->symbol);
}

const struct view view_code = {.id = VIEW_CODE,
                               .tab = "Code",
                               .draw = draw_code,
                               .lines = lines_of_code,
                               .text = text_of_code,
                               .modes = 1};
