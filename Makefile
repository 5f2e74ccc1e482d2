# Builds libringside.a, ./ringside and its tests. GNU make, one file, no recursion into folders.
#
#   make                   build ./ringside           make demo      install what is missing, build, show it
#   make check             everything the CI checks   make bench     measure the simulator's own speed
#   make install PREFIX=   install                    make help      all targets and variables
#
# Nothing here runs the compiler or pkg-config while the file is read: `make demo` and `make check`
# must start on a machine that has neither, and let scripts/setup fetch them.

# ---- what to build with, all of it overridable on the command line -------------------------------
ifeq ($(origin CC),default)
CC := gcc
endif
ifdef SAN
BUILD ?= build/san
endif
BUILD   ?= build
OPT     ?= -O2
WERROR  ?= -Werror
PREFIX  ?= /usr/local
DESTDIR ?=

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes $(WERROR)
# No contraction: the few host-side floating-point figures must not depend on the compiler's taste for FMA.
CODEGEN  := -std=c17 -g $(OPT) -ffp-contract=off
ifdef SAN
CODEGEN  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifdef SMALL
CPPFLAGS += -DRINGSIDE_SMALL_TABLES
endif
CPPFLAGS += -I.

# ---- sources: a folder that does not exist yet is an empty list ----------------------------------
LIB_SRC   := $(sort $(wildcard sim/*.c sim/dc/*.c models/*.c models/*/*.c))
APP_SRC   := $(sort $(wildcard cli/*.c lua/*.c tui/*.c real/*.c))
TEST_SRC  := $(sort $(wildcard tests/*.c tests/ref/*.c))
BENCH_SRC := $(sort $(wildcard bench/*.c))

# A package is asked for only once the folder that uses it is there.
PKGS := popt jansson $(if $(wildcard lua/*.c),lua5.4) $(if $(wildcard tui/*.c),ncursesw)
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS) 2>/dev/null))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS) 2>/dev/null))$(PKG_LIBS)

obj       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ   := $(call obj,$(LIB_SRC))
APP_OBJ   := $(call obj,$(APP_SRC))
TEST_OBJ  := $(call obj,$(TEST_SRC))
BENCH_OBJ := $(call obj,$(BENCH_SRC))
LIB       := $(BUILD)/libringside.a
ifeq ($(BUILD),build)
APP       := ringside
else
APP       := $(BUILD)/ringside
endif
RUN_TESTS := $(BUILD)/run-tests

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all test

all: $(APP)

# ---- rules ---------------------------------------------------------------------------------------
# sim/ and models/ are plain ISO C; what stands outside the pure core sees POSIX.1-2008 and XSI.
posix = $(if $(filter sim/% models/%,$<),,-D_XOPEN_SOURCE=700 $(PKG_CFLAGS))
COMPILE = $(CC) $(CODEGEN) $(WARN) $(CPPFLAGS) $(CFLAGS) $(posix)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(COMPILE) -MMD -MP -c $< -o $@

$(LIB): $(LIB_OBJ)
	@echo "  AR      $@"
	@rm -f $@
	@ar rcsD $@ $^

$(APP): $(APP_OBJ) $(LIB)
	@echo "  LD      $@"
	@$(CC) $(CODEGEN) $(LDFLAGS) -o $@ $(APP_OBJ) $(LIB) -Wl,--as-needed $(PKG_LIBS) $(LDLIBS)

# Tests may look inside the command line's helpers, never at its main().
$(RUN_TESTS): $(TEST_OBJ) $(filter-out $(BUILD)/obj/cli/main.o,$(APP_OBJ)) $(LIB)
	@echo "  LD      $@"
	@$(CC) $(CODEGEN) $(LDFLAGS) -o $@ $^ -Wl,--as-needed $(PKG_LIBS) -lcunit $(LDLIBS)

# Every tests/test_NAME.c holds NAME_suite; the list is made from the file names, so none is forgotten.
SUITES := $(patsubst tests/test_%.c,%,$(sort $(wildcard tests/test_*.c)))
$(BUILD)/obj/tests/main.o: $(BUILD)/gen/suites.def
$(BUILD)/obj/tests/main.o: CPPFLAGS += -I$(BUILD)/gen
$(BUILD)/gen/suites.def: FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(SUITES) >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Changing CC, OPT, SAN or SMALL rebuilds what was made with the old ones.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CODEGEN) $(WARN) $(CPPFLAGS) $(CFLAGS)' >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
FORCE:

test: $(RUN_TESTS)
	@$(RUN_TESTS)

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(APP_OBJ) $(TEST_OBJ) $(BENCH_OBJ))
