// Rings: the architecture as a picture, where control is, the path it just took, and why in one sentence.
#include "tui/axis.h"
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

// ---- the picture -----------------------------------------------------------------------------------

// A box stands for somebody who can have the processor; WHO_COUNT: for something that cannot.
struct box {
    enum snapshot_who who;
    struct rect at;
    const char *title, *note;
};
enum { BOXES_MAX = 8 };
struct picture {
    struct box box[BOXES_MAX];
    int count;
    struct rect frame; // around the guest; empty: none
    const char *frame_title;
    int gap; // line between the guest and what is below it, where the arrows are; 0: none
    int height;
};

static void add(struct picture *p, enum snapshot_who who, struct rect at, const char *title,
                const char *note)
{
    p->box[p->count++] = (struct box){who, at, title, note};
}

// What stands in the box of the guest's kernel.
static const char *kernel_title(const struct snapshot *s)
{
    return s->technique == BY_TRANSLATION || s->technique == BY_TRAP ? TEXT("ring 1: guest kernel")
           : s->technique == BY_PARAVIRT ? TEXT("ring 1: PV guest kernel")
           : s->platform == BARE         ? TEXT("ring 0: kernel")
                                         : TEXT("ring 0: guest kernel");
}

static const char *kernel_note(const struct snapshot *s)
{
    return s->technique == BY_TRANSLATION ? TEXT("runs as a translation")
           : s->technique == BY_TRAP      ? TEXT("privileged ops trap")
           : s->technique == BY_PARAVIRT  ? TEXT("asks by hypercalls")
           : s->technique == BY_HARDWARE  ? TEXT("knows of no hypervisor")
           : s->technique == BY_CONTAINER ? TEXT("one kernel, shared by all containers")
                                          : TEXT("owns the machine");
}

static const char *hypervisor_note(const struct snapshot *s)
{
    return s->paging == TABLES_SHADOW   ? TEXT("keeps shadow page tables")
           : s->paging == TABLES_NESTED ? TEXT("keeps nested page tables")
                                        : TEXT("checks page-table updates");
}

static void lay_out(struct picture *p, const struct snapshot *s, int w, int h)
{
    bool bare = s->platform == BARE, loose = h >= 21;
    int left = bare ? w : w * 58 / 100, tall = loose ? 4 : 3, y = 1;
    *p = (struct picture){.frame_title =
                              s->technique == BY_HARDWARE ? TEXT("VM: non-root mode") : TEXT("VM")};
    bool framed = s->technique != BY_NOBODY;
    if (s->technique == BY_CONTAINER) {
        p->frame_title = TEXT("container: namespaces, cgroups");
    }
    add(p, WHO_GUEST_USER, (struct rect){framed, y, left - 2 * framed, tall},
        bare ? TEXT("ring 3: program") : TEXT("ring 3: guest program"), TEXT("runs directly"));
    y += tall;
    if (s->technique == BY_CONTAINER) {
        p->frame = (struct rect){0, 0, left, y + 1};
        y += 1;
        p->gap = y++;
    }
    add(p, WHO_GUEST_KERNEL, (struct rect){framed && !bare, y, left - 2 * (framed && !bare), tall},
        kernel_title(s), kernel_note(s));
    y += tall;
    if (!bare) {
        int side = left + 1, deep = y - 1;
        p->frame = (struct rect){0, 0, left, y + 1};
        const char *owner = s->platform == TYPE1 ? TEXT("Dom0") : TEXT("host processes");
        add(p, s->platform == TYPE1 ? WHO_DOM0 : WHO_DEVICE,
            (struct rect){side, 0, w - side, deep / 2 + 1}, owner,
            s->platform == TYPE1 ? TEXT("real drivers") : TEXT("device models"));
        add(p, s->platform == TYPE1 ? WHO_DEVICE : WHO_OTHER,
            (struct rect){side, deep / 2 + 1, w - side, y - deep / 2},
            s->platform == TYPE1 ? TEXT("device models") : TEXT("other processes"),
            s->io == IO_BY_RINGS ? TEXT("I/O back ends") : TEXT("play its devices"));
        if (s->platform == TYPE2) {
            p->box[p->count - 1].note = TEXT("the host's own");
        }
        y += 1;
        p->gap = y++;
        if (s->platform == TYPE1) {
            add(p, WHO_HYPERVISOR, (struct rect){0, y, w, tall},
                s->technique == BY_HARDWARE ? TEXT("root mode, ring 0: hypervisor")
                                            : TEXT("ring 0: hypervisor"),
                hypervisor_note(s));
        } else {
            add(p, WHO_HYPERVISOR, (struct rect){0, y, left, tall},
                s->technique == BY_HARDWARE ? TEXT("root mode: hypervisor")
                                            : TEXT("ring 0: hypervisor"),
                hypervisor_note(s));
            add(p, WHO_HOST, (struct rect){side, y, w - side, tall}, TEXT("ring 0: host OS"),
                TEXT("owns the drivers"));
        }
        y += tall;
    }
    add(p, WHO_PROCESSOR, (struct rect){0, y, w, 3}, TEXT("hardware"),
        TEXT("walks, events, exits and entries"));
    p->height = y + 3;
}

static uint64_t share_of(const struct snapshot *s, enum snapshot_who who)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < CYCLE_COUNT; k++) {
        sum += cycle_who(k) == who ? s->cycles[k] : 0;
    }
    return sum;
}

// Whether the path that control just took went through there.
static bool on_path(const struct snapshot *s, enum snapshot_who who)
{
    for (uint32_t i = 0; s->path.valid && i < s->path.count && i < SNAP_STEPS; i++) {
        if (s->path.step[i].who == who) {
            return true;
        }
    }
    return false;
}

static bool has_control(const struct snapshot *s, enum snapshot_who who)
{
    return s->stop == SNAP_RUNNABLE && s->cpu[s->focus].who == who;
}

static void draw_box(const struct canvas *c, const struct snapshot *s, const struct box *box)
{
    bool here = has_control(s, box->who), path = on_path(s, box->who);
    enum role frame = here || path ? ROLE_PATH : ROLE_FRAME;
    canvas_box(c, box->at, frame, NULL);
    struct canvas in =
        canvas_part(c, (struct rect){box->at.x + 1, box->at.y, box->at.w - 2, box->at.h - 1});
    canvas_printf(&in, 1, 0, here ? ROLE_PATH : who_look(box->who).role, " %s ",
                  say(c, box->title));
    int last = in.area.h - 1, right = in.area.w - 1;
    char share[NUMBER_SIZE];
    percent(share, share_of(s, box->who), s->cycles_all);
    canvas_right(&in, right, last, ROLE_TEXT, share);
    struct canvas rest = canvas_part(
        &in, (struct rect){0, 1, last > 1 ? right : right - 1 - text_columns(share), last});
    if (here) {
        char mark[64];
        snprintf(mark, sizeof mark, " ● %s ", say(c, "control is here"));
        canvas_put(&rest, 1, 0, ROLE_HERE, mark);
    } else {
        canvas_put(&rest, 1, 0, path ? ROLE_PATH : ROLE_DIM, say(c, box->note));
    }
    if (last > 1) {
        canvas_bar(&in, 1, last, right - 9, who_look(box->who).role, share_of(s, box->who),
                   s->cycles_all);
    }
}

// The arrows between the guest and what is below: how often control went there, and whether it just did.
static void draw_gap(const struct canvas *c, const struct snapshot *s, const struct picture *p,
                     int w)
{
    char count[NUMBER_SIZE], text[96];
    bool down = on_path(s, WHO_HYPERVISOR),
         side = on_path(s, WHO_DOM0) || on_path(s, WHO_DEVICE) || on_path(s, WHO_HOST);
    if (s->technique == BY_CONTAINER) {
        canvas_printf(c, 4, p->gap, ROLE_DIM, "▼▲ %s",
                      say(c, "system calls, as from any process: no exits"));
        return;
    }
    snprintf(text, sizeof text, "▼ %s ▲", number(count, s->exits_all));
    struct canvas left = canvas_part(c, (struct rect){0, p->gap, p->frame.w + 4, 1});
    int x = canvas_put(&left, 3, 0, down ? ROLE_PATH : ROLE_TEXT, text);
    const char *where = say(c, "into the hypervisor");
    if (x + 1 + text_columns(where) <= left.area.w) { // whole, or not at all
        canvas_put(&left, x + 1, 0, ROLE_DIM, where);
    }
    if (w > 40) {
        canvas_put(c, p->frame.w + 5, p->gap, side ? ROLE_PATH : ROLE_DIM, "▲▼");
    }
}

static void draw_picture(const struct canvas *c, const struct snapshot *s, struct picture *p)
{
    if (p->frame.w > 0) {
        canvas_box(c, p->frame, ROLE_FRAME, say(c, p->frame_title));
    }
    for (int i = 0; i < p->count; i++) {
        draw_box(c, s, &p->box[i]);
    }
    if (p->gap > 0) {
        draw_gap(c, s, p, c->area.w);
    }
}

// ---- the path and the weights ----------------------------------------------------------------------

static const char *step_name(enum snapshot_step_kind kind)
{
    static const char *const names[] = {
#define PATH(NAME, name, doc) name,
#include "models/path.def"
#undef PATH
    };
    return kind < STEP_COUNT ? names[kind] : "?";
}

static int draw_path(const struct canvas *c, const struct snapshot *s)
{
    const struct snapshot_path *path = &s->path;
    int w = c->area.w, y = 0;
    canvas_put(c, 0, y, ROLE_HEADING, say(c, "The path just taken"));
    canvas_right(c, w, y++, ROLE_DIM, say(c, "cycles"));
    if (!path->valid) {
        canvas_put(c, 0, y++, ROLE_DIM, say(c, "none yet; s makes a step"));
        return y;
    }
    uint32_t count = path->count < SNAP_STEPS ? path->count : SNAP_STEPS;
    int room = c->area.h - 2;
    // A long path: its end matters most.
    uint32_t first = count > (uint32_t)room && room > 1 ? count - (uint32_t)room + 1 : 0;
    if (first > 0) {
        canvas_put(c, 0, y++, ROLE_DIM, "  …");
    }
    for (uint32_t i = first; i < count; i++, y++) {
        const struct snapshot_step *step = &path->step[i];
        struct look look = who_look(step->who);
        canvas_put(c, 0, y, ROLE_PATH, i + 1 == count ? "●" : "▼");
        const char *reason = step->reason >= 0 ? exit_reason_name((unsigned)step->reason) : NULL;
        bool narrow = w < 40;
        int x = canvas_put(c, 2, y, look.role,
                           reason && narrow ? reason : say(c, step_name(step->kind)));
        if (reason && !narrow) {
            canvas_put(c, x + 1, y, ROLE_DIM, reason);
        }
        put_number(c, w, y, ROLE_TEXT, step->cycles);
    }
    canvas_put(c, 2, y, ROLE_DIM, say(c, "in all"));
    put_number(c, w, y++, ROLE_HEADING, path->cycles);
    return y;
}

static void draw_weights(const struct canvas *c, const struct snapshot *s)
{
    uint64_t most = 1;
    int w = c->area.w, y = 0;
    canvas_put(c, 0, y, ROLE_HEADING, say(c, "Control went, lately"));
    canvas_right(c, w, y++, ROLE_DIM, say(c, "times"));
    for (uint32_t i = 0; i < s->weights; i++) {
        most = s->weight[i].count > most ? s->weight[i].count : most;
    }
    for (uint32_t i = 0; i < s->weights && y + 1 < c->area.h; i++, y += 2) {
        const struct snapshot_weight *weight = &s->weight[i];
        char count[NUMBER_SIZE];
        canvas_printf(c, 0, y, ROLE_TEXT, "%s → %s", say(c, who_name(weight->from)),
                      say(c, who_name(weight->to)));
        canvas_right(c, w, y + 1, ROLE_TEXT, number_short(count, weight->count));
        canvas_bar(c, 0, y + 1, w - 8, who_look(weight->to).role, weight->count, most);
    }
}

// ---- the instruction and the sentence --------------------------------------------------------------

static void draw_instruction(const struct canvas *c, const struct snapshot *s)
{
    const struct snapshot_cpu *cpu = &s->cpu[s->focus];
    const char *text = cpu->code_count > cpu->code_at ? cpu->code[cpu->code_at].text : "";
    const char *base = strrchr(cpu->file, '/');
    int x = canvas_printf(c, 0, 0, ROLE_HEADING, "%s ", say(c, "next"));
    x = canvas_printf(c, x, 0, ROLE_HERE, " %s ", text);
    x = canvas_printf(c, x + 1, 0, ROLE_DIM, "%s+0x%llx", cpu->symbol,
                      (unsigned long long)cpu->offset);
    if (cpu->file[0]) {
        x = canvas_printf(c, x + 1, 0, ROLE_DIM, "(%s:%u)", base ? base + 1 : cpu->file, cpu->line);
    }
    canvas_put(c, x + 2, 0, ROLE_USER, cpu->source + strspn(cpu->source, " \t"));
}

// Where the cycles went, most first.
static void draw_cycles(const struct canvas *c, const struct snapshot *s)
{
    bool shown[CYCLE_COUNT] = {false};
    int w = c->area.w, label = 22;
    canvas_put(c, 0, 0, ROLE_HEADING, say(c, "Where the cycles went"));
    for (int y = 1; y < c->area.h; y++) {
        unsigned most = CYCLE_COUNT;
        for (unsigned k = 0; k < CYCLE_COUNT; k++) {
            bool more = most == CYCLE_COUNT || s->cycles[k] > s->cycles[most];
            most = !shown[k] && s->cycles[k] > 0 && more ? k : most;
        }
        if (most == CYCLE_COUNT) {
            return;
        }
        shown[most] = true;
        struct look look = cycle_look(most);
        canvas_char(c, 0, y, look.role, (unsigned char)look.letter);
        canvas_put(c, 2, y, ROLE_TEXT, say(c, cycle_name(most)));
        canvas_bar(c, label, y, w - label - 9, look.role, s->cycles[most], s->cycles_all);
        put_percent(c, w, y, ROLE_TEXT, s->cycles[most], s->cycles_all);
    }
}

// The last lines of the guest's console.
static void draw_console(const struct canvas *c, const struct snapshot *s)
{
    char text[SNAP_CONSOLE + 1];
    size_t n = s->console_size < SNAP_CONSOLE ? s->console_size : SNAP_CONSOLE;
    memcpy(text, s->console, n);
    text[n] = '\0';
    canvas_put(c, 0, 0, ROLE_HEADING, say(c, "The guest's console"));
    int lines = canvas_wrap(c, (struct rect){0, 1, c->area.w, 0}, ROLE_TEXT, text, 0);
    int rows = c->area.h - 1;
    canvas_wrap(c, (struct rect){0, 1, c->area.w, rows}, ROLE_USER, text,
                lines > rows ? lines - rows : 0);
}

static void draw_rings(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot *s = scene->now;
    struct picture p;
    int w = c->area.w, h = c->area.h, side = w >= 100 ? 40 : 29;
    lay_out(&p, s, w - side - 2, h);
    struct canvas picture = canvas_part(c, (struct rect){0, 0, w - side - 2, h});
    draw_picture(&picture, s, &p);
    struct canvas right = canvas_part(c, (struct rect){w - side, 0, side, p.height});
    if (scene->running) {
        draw_weights(&right, s);
    } else {
        int used = draw_path(&right, s);
        struct canvas rest =
            canvas_part(&right, (struct rect){0, used + 1, side, right.area.h - used - 1});
        if (rest.area.h >= 5 && s->weights > 0) {
            draw_weights(&rest, s);
        }
    }
    struct canvas below = canvas_part(c, (struct rect){0, p.height, w, h - p.height});
    draw_instruction(&below, s);
    char story[512];
    story_text_in(c, &s->story, story, sizeof story);
    int told = canvas_wrap(&below, (struct rect){0, 1, w, below.area.h - 1}, ROLE_TEXT, story, 0);
    int rest = below.area.h - told - 2;
    if (rest > 3) {
        struct canvas left = canvas_part(&below, (struct rect){0, told + 2, w / 2 - 1, rest});
        struct canvas console =
            canvas_part(&below, (struct rect){w / 2 + 1, told + 2, w - w / 2 - 1, rest});
        draw_cycles(&left, s);
        draw_console(&console, s);
    }
}

const struct view view_rings = {.id = VIEW_RINGS, .tab = "Rings", .draw = draw_rings, .modes = 1};
