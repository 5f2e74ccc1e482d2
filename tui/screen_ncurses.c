// The terminal. Everything that knows ncurses is here.
#include "tui/screen.h"

#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct ncurses_screen {
    struct screen screen;
    SCREEN *terminal;
    struct cells shown; // what is on the screen
    bool color;
    attr_t attribute[ROLE_COUNT];
};

// ---- restoring the terminal, whatever happens ------------------------------------------------------

// What a signal handler needs: it may call write() and tcsetattr(), nothing of ncurses.
static struct {
    struct termios modes;
    char sequence[160];
    size_t size;
    volatile sig_atomic_t active;
} restore;

static const int fatal[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGABRT,
                            SIGSEGV, SIGBUS, SIGFPE,  SIGILL};

static void restore_terminal(void)
{
    if (restore.active) {
        restore.active = 0;
        ssize_t written = write(STDOUT_FILENO, restore.sequence, restore.size);
        (void)written;
        tcsetattr(STDIN_FILENO, TCSANOW, &restore.modes);
    }
}

// The process ends as the signal would have ended it: only the terminal comes first.
static void on_fatal(int number)
{
    restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

static void add_sequence(const char *text)
{
    size_t n = text && text != (char *)-1 ? strlen(text) : 0;
    if (restore.size + n <= sizeof restore.sequence) {
        memcpy(restore.sequence + restore.size, n ? text : "", n);
        restore.size += n;
    }
}

static void prepare_restore(void)
{
    restore.size = 0;
    add_sequence("\033[?1006l\033[?1000l"); // the mouse
    add_sequence(tigetstr("sgr0"));
    add_sequence(tigetstr("cnorm"));
    add_sequence(tigetstr("rmkx"));
    add_sequence(tigetstr("rmcup"));
    restore.active = 1;
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        sigaction(fatal[i], &action, NULL);
    }
}

// ---- colours ---------------------------------------------------------------------------------------

enum { PLAIN, REVERSE };
static const struct {
    short foreground, background;
    int style;
} looks[ROLE_COUNT] = {
#define ROLE(NAME, name, fg, bg, style, svg, svg_bg, doc) {fg, bg, style},
#include "tui/role.def"
#undef ROLE
};

// Eight colours: the bright ones fall on their dark ones, grey on the terminal's own.
static short fitting(short color)
{
    return COLORS >= 16 || color < 8 ? color : color == 8 ? -1 : (short)(color - 8);
}

static void choose_looks(struct ncurses_screen *s)
{
    s->color = s->color && has_colors() && start_color() == OK && use_default_colors() == OK;
    for (short role = 0; role < ROLE_COUNT; role++) {
        if (s->color) {
            init_pair((short)(role + 1), fitting(looks[role].foreground),
                      fitting(looks[role].background));
        }
        s->attribute[role] = !s->color && looks[role].style == REVERSE ? A_REVERSE : A_NORMAL;
    }
}

// ---- operations ------------------------------------------------------------------------------------

static struct ncurses_screen *of(struct screen *s)
{
    return (struct ncurses_screen *)s;
}

static void screen_size(struct screen *screen, int *columns, int *rows)
{
    (void)screen;
    getmaxyx(stdscr, *rows, *columns);
}

static void show_row(const struct ncurses_screen *s, const struct cells *cells, int y)
{
    wchar_t text[2] = {0};
    for (int x = 0; x < cells->columns; x++) {
        const struct cell *cell = cells_at(cells, x, y);
        if (cell->width == 0) {
            continue;
        }
        cchar_t out;
        text[0] = (wchar_t)cell->code;
        setcchar(&out, text, s->attribute[cell->role], s->color ? (short)(cell->role + 1) : 0,
                 NULL);
        mvadd_wch(y, x, &out);
    }
}

static void screen_show(struct screen *screen, const struct cells *cells, bool anew)
{
    struct ncurses_screen *s = of(screen);
    bool same = s->shown.columns == cells->columns && s->shown.rows == cells->rows;
    if (anew) {
        clearok(curscr, TRUE);
    }
    if (!same) {
        erase();
        cells_free(&s->shown);
        if (!cells_init(&s->shown, cells->columns, cells->rows)) {
            return;
        }
    }
    size_t row = (size_t)cells->columns * sizeof(struct cell);
    for (int y = 0; y < cells->rows; y++) {
        if (!same || memcmp(cells_at(cells, 0, y), cells_at(&s->shown, 0, y), row) != 0) {
            show_row(s, cells, y);
        }
    }
    memcpy(s->shown.at, cells->at, row * (size_t)cells->rows);
    refresh(); // writes the cells that differ, and no others: nothing flickers
}

static uint32_t translate(wint_t code)
{
    static const struct {
        wint_t from;
        uint32_t to;
    } table[] = {
        {KEY_UP, KEYCODE_UP},
        {KEY_DOWN, KEYCODE_DOWN},
        {KEY_LEFT, KEYCODE_LEFT},
        {KEY_RIGHT, KEYCODE_RIGHT},
        {KEY_HOME, KEYCODE_HOME},
        {KEY_END, KEYCODE_END},
        {KEY_PPAGE, KEYCODE_PAGEUP},
        {KEY_NPAGE, KEYCODE_PAGEDOWN},
        {KEY_BTAB, KEYCODE_BACKTAB},
        {KEY_DC, KEYCODE_DELETE},
        {KEY_RESIZE, KEYCODE_RESIZE},
        {KEY_ENTER, KEYCODE_ENTER},
        {KEY_BACKSPACE, KEYCODE_BACKSPACE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].from == code) {
            return table[i].to;
        }
    }
    return code > KEY_F0 && code <= KEY_F(10) ? KEYCODE_F1 + (uint32_t)(code - KEY_F(1))
                                              : KEYCODE_NONE;
}

static struct key mouse_key(void)
{
    MEVENT event;
    struct key key = {0};
    if (getmouse(&event) == OK) {
        key = (struct key){.x = event.x, .y = event.y};
        key.code = event.bstate & BUTTON4_PRESSED                       ? KEYCODE_WHEELUP
                   : event.bstate & BUTTON5_PRESSED                     ? KEYCODE_WHEELDOWN
                   : event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED) ? KEYCODE_CLICK
                                                                        : KEYCODE_NONE;
    }
    return key;
}

static struct key screen_poll(struct screen *screen, int milliseconds)
{
    wint_t code;
    (void)screen;
    timeout(milliseconds);
    switch (get_wch(&code)) {
    case KEY_CODE_YES:
        return code == KEY_MOUSE ? mouse_key() : (struct key){.code = translate(code)};
    case OK: break;
    default: return (struct key){0};
    }
    switch (code) {
    case '\r':
    case '\n': return (struct key){.code = KEYCODE_ENTER};
    case '\t': return (struct key){.code = KEYCODE_TAB};
    case 0x1b: return (struct key){.code = KEYCODE_ESC};
    case 0x7f:
    case '\b': return (struct key){.code = KEYCODE_BACKSPACE};
    default: return (struct key){.code = (uint32_t)code};
    }
}

static uint64_t screen_now(struct screen *screen)
{
    struct timespec t;
    (void)screen;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void screen_close(struct screen *screen)
{
    struct ncurses_screen *s = of(screen);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        signal(fatal[i], SIG_DFL);
    }
    restore.active = 0;
    endwin();
    delscreen(s->terminal);
    cells_free(&s->shown);
    free(s);
}

static const struct screen_ops ncurses_ops = {screen_size, screen_show, screen_poll, screen_now,
                                              screen_close};

struct screen *screen_ncurses(bool color, char *err, size_t err_size)
{
    struct ncurses_screen *s = calloc(1, sizeof *s);
    const char *term = getenv("TERM");
    setlocale(LC_CTYPE, ""); // for ncurses: which bytes a character is
    bool saved = tcgetattr(STDIN_FILENO, &restore.modes) == 0;
    if (!s || !saved || !(s->terminal = newterm(NULL, stdout, stdin))) {
        snprintf(err, err_size,
                 "no terminal that can be used (TERM is '%s'); 'ringside tui "
                 "--batch' prints the screens as text",
                 term ? term : "");
        free(s);
        return NULL;
    }
    s->screen.ops = &ncurses_ops;
    s->color = color;
    prepare_restore();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    choose_looks(s);
    return &s->screen;
}
