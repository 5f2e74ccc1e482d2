// What is typed behind ':'. The table is command.def.
#include "tui/dashboard_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *words(const struct dashboard *d, const char *english)
{
    return catalog_get(dashboard_words(d), english);
}

// A number, decimal or 0x; commas between digits are allowed, as they are shown.
static bool parse_number(const char *text, uint64_t *value)
{
    char digits[32];
    size_t n = 0;
    for (; *text && n + 1 < sizeof digits; text++) {
        if (*text != ',') {
            digits[n++] = *text;
        }
    }
    digits[n] = '\0';
    char *end;
    *value = strtoull(digits, &end, 0);
    return n > 0 && digits[0] != '-' && *end == '\0' && *text == '\0';
}

// The operand as a number; without one, `usual`. False after a message.
static bool operand(struct dashboard *d, const char *text, uint64_t usual, uint64_t *value)
{
    *value = usual;
    if (text[0] && !parse_number(text, value)) {
        dashboard_say(d, words(d, "'%s' is no number."), text);
        return false;
    }
    return true;
}

static void go_number(struct dashboard *d, enum session_goal_kind kind, const char *text,
                      uint64_t usual)
{
    uint64_t n;
    if (operand(d, text, usual, &n)) {
        dashboard_go(d, (struct session_goal){.kind = kind, .n = n});
    }
}

static int set_break(struct dashboard *d, const char *what)
{
    char err[MESSAGE_SIZE];
    int at = session_break(d->session, what, err, sizeof err);
    if (at < 0) {
        dashboard_complain(d, err);
    } else {
        dashboard_say(d, words(d, "Stops at %s."), what);
        d->stale = true;
    }
    return at;
}

static void change(struct dashboard *d, const char *what)
{
    char err[MESSAGE_SIZE];
    if (!session_change(d->session, what, err, sizeof err)) {
        dashboard_complain(d, err);
    } else {
        d->running = false;
        d->stale = true;
        dashboard_say(d, words(d, "Runs again with %s, to the same instruction."), what);
    }
}

// ---- one function a command ------------------------------------------------------------------------

static void command_step(struct dashboard *d, const char *arg)
{
    go_number(d, GOAL_STEP, arg, 1);
}
static void command_back(struct dashboard *d, const char *arg)
{
    go_number(d, GOAL_BACK, arg, 1);
}
static void command_goto(struct dashboard *d, const char *arg)
{
    go_number(d, GOAL_SEEK, arg, 0);
}
static void command_time(struct dashboard *d, const char *arg)
{
    go_number(d, GOAL_TIME, arg, 0);
}

static void command_exit(struct dashboard *d, const char *arg)
{
    uint64_t reason = SESSION_ANY;
    for (unsigned i = 0; arg[0] && i < 256; i++) {
        if (strcmp(exit_reason_name(i), arg) == 0) {
            reason = i;
        }
    }
    if (arg[0] && reason == SESSION_ANY && strcmp(arg, "any") != 0) {
        dashboard_say(d, words(d, "There is no exit reason '%s'."), arg);
        return;
    }
    dashboard_go(d, (struct session_goal){.kind = GOAL_EXIT, .n = reason});
}

static void command_until(struct dashboard *d, const char *arg)
{
    int at = set_break(d, arg);
    if (at >= 0) {
        d->until = at;
        dashboard_run(d, true);
    }
}
static void command_break(struct dashboard *d, const char *arg)
{
    set_break(d, arg);
}

static void command_delete(struct dashboard *d, const char *arg)
{
    uint64_t n;
    if (operand(d, arg, 1, &n) && n > 0 && n <= SNAP_BREAKS &&
        session_break_at(d->session, (unsigned)n - 1)) {
        session_break_remove(d->session, (unsigned)n - 1);
        d->stale = true;
    }
}

static void command_run(struct dashboard *d, const char *arg)
{
    (void)arg;
    dashboard_run(d, false);
}
static void command_pause(struct dashboard *d, const char *arg)
{
    (void)arg;
    dashboard_stop(d);
}

static void command_speed(struct dashboard *d, const char *arg)
{
    uint64_t n = UINT64_MAX;
    if (strcmp(arg, "full") != 0 && !operand(d, arg, UINT64_MAX, &n)) {
        return;
    }
    d->speed = SPEED_FULL;
    while (d->speed > 0 && speed_value(d->speed) > n) {
        d->speed--;
    }
    if (d->running) {
        dashboard_stop(d);
        dashboard_run(d, false);
    }
}

static void command_set(struct dashboard *d, const char *arg)
{
    change(d, arg);
}
static void command_arch(struct dashboard *d, const char *arg)
{
    change(d, arg);
}

static void command_cpu(struct dashboard *d, const char *arg)
{
    char err[MESSAGE_SIZE] = "";
    const struct cpu_model *model =
        d->config.cpu ? d->config.cpu(d->config.ctx, arg, err, sizeof err) : NULL;
    if (!model || !session_change_cpu(d->session, model, err, sizeof err)) {
        dashboard_complain(d, err);
    }
    d->stale = true;
}

static void command_compare(struct dashboard *d, const char *arg)
{
    if (arg[0] && dashboard_compare(d, arg)) {
        dashboard_show_view(d, VIEW_COMPARE);
    }
}

static void command_look(struct dashboard *d, const char *arg)
{
    uint64_t address = 0;
    if (arg[0] && !parse_number(arg, &address) && !session_symbol(d->session, arg, &address)) {
        dashboard_say(d, words(d, "'%s' is neither an address nor a symbol."), arg);
        return;
    }
    session_look(d->session, address, !arg[0]);
    d->stale = true;
    dashboard_show_view(d, VIEW_MEMORY);
    d->scene.place[VIEW_MEMORY].mode = 1;
}

static void command_view(struct dashboard *d, const char *arg)
{
    static const char *const names[VIEW_COUNT] = {
#define VIEW(NAME, name, tab) #name,
#include "tui/view.def"
#undef VIEW
    };
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (strcmp(names[v], arg) == 0) {
            dashboard_show_view(d, (enum view_id)v);
            return;
        }
    }
    dashboard_say(d, words(d, "There is no view '%s'."), arg);
}

static void command_filter(struct dashboard *d, const char *arg)
{
    snprintf(d->scene.filter, sizeof d->scene.filter, "%.*s", FILTER_SIZE - 1, arg);
}
static void command_explain(struct dashboard *d, const char *arg)
{
    dashboard_explain(d, arg);
}
static void command_lang(struct dashboard *d, const char *arg)
{
    dashboard_speak(d, strcmp(arg, "ko") == 0);
}
static void command_export(struct dashboard *d, const char *arg)
{
    if (arg[0]) {
        dashboard_export(d, arg);
    }
}

static void command_help(struct dashboard *d, const char *arg)
{
    (void)arg;
    dashboard_show_help(d, true);
}
static void command_quit(struct dashboard *d, const char *arg)
{
    (void)arg;
    d->over = true;
}

void dashboard_commands(struct dashboard *d, const char *list)
{
    char line[INPUT_SIZE];
    size_t n = strcspn(list, ";");
    snprintf(line, sizeof line, "%.*s", (int)n, list);
    snprintf(d->pending, sizeof d->pending, "%s", list + n + (list[n] == ';'));
    dashboard_command(d, line);
}

void dashboard_command(struct dashboard *d, const char *line)
{
    static const struct {
        const char *name;
        void (*run)(struct dashboard *d, const char *arg);
    } table[] = {
#define COMMAND(name, operands, doc) {#name, command_##name},
#include "tui/command.def"
#undef COMMAND
    };
    char name[INPUT_SIZE], arg[INPUT_SIZE];
    line += strspn(line, " ");
    size_t n = strcspn(line, " ");
    snprintf(name, sizeof name, "%.*s", (int)n, line);
    snprintf(arg, sizeof arg, "%s", line + n + strspn(line + n, " "));
    for (size_t end = strlen(arg); end > 0 && arg[end - 1] == ' ';) {
        arg[--end] = '\0';
    }
    // An unambiguous beginning will do.
    int found = -1, count = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table && name[0]; i++) {
        bool exact = strcmp(table[i].name, name) == 0;
        if (exact || strncmp(table[i].name, name, strlen(name)) == 0) {
            found = (int)i;
            count = exact ? 1 : count + 1;
            if (exact) {
                break;
            }
        }
    }
    if (count == 1) {
        d->message[0] = '\0';
        table[found].run(d, arg);
    } else if (name[0]) {
        dashboard_say(d,
                      words(d, count ? "'%s' may be several commands; ':help' lists them."
                                     : "There is no command '%s'; ':help' lists them."),
                      name);
    }
}
