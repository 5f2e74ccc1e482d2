// The values of the axes of an architecture, as snapshots number them (models/model.h).
#ifndef RINGSIDE_TUI_AXIS_H
#define RINGSIDE_TUI_AXIS_H

enum { BARE, TYPE1, TYPE2 };
enum { BY_NOBODY, BY_TRAP, BY_TRANSLATION, BY_HARDWARE, BY_PARAVIRT, BY_CONTAINER };
enum { TABLES_DIRECT, TABLES_SHADOW, TABLES_NESTED };
enum { IO_BY_MODEL, IO_BY_RINGS, IO_OWN, IO_OF_HOST };

#endif
