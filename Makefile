# Builds libringside.a, ./ringside and its tests. GNU make, one file, no recursion into folders.
#
# Nothing here runs the compiler or pkg-config while the file is read: `make demo` and `make check`
# must start on a machine that has neither, and let scripts/setup fetch them.

define HELP
  make                 build ./ringside
  make demo            install what is missing, build, and run the main job
  make check           install what is missing, build, and run every check; parts of it:
                       check-unit check-cli check-lint check-format check-san check-small
                       check-determinism check-fuzz
  make check-real      guests through /dev/kvm, in an emulated machine with AMD-V (downloads QEMU and a kernel)
  make check-real-bochs  the same on Intel VT-x, emulated by Bochs: slower
  make bench           measure how fast the simulator itself is
  make fuzz            fuzz every parser for FUZZ_TIME seconds (60)
  make format          reformat the C sources
  make tour            the sources in reading order
  make install         install below PREFIX (/usr/local), staged in DESTDIR; make uninstall
  make clean           remove what was built
Variables: CC=clang, OPT=-O0, SAN=1 (address and undefined-behaviour sanitizers), SMALL=1 (shrunken
tables), BUILD=directory, QUIET=1, WERROR= (warnings do not stop the build), JOBS=n
endef

# ---- what to build with, all of it overridable on the command line -------------------------------
ifeq ($(origin CC),default)
CC := gcc
endif
ifdef SAN
BUILD ?= build/san
endif
BUILD        ?= build
OPT          ?= -O2
WERROR       ?= -Werror
PREFIX       ?= /usr/local
DESTDIR      ?=
CLANG        ?= clang
CLANG_FORMAT ?= clang-format-14
FUZZ_TIME    ?= 60
JOBS         ?= $(shell nproc 2>/dev/null || echo 1)

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes $(WERROR)
# No contraction: the few floating-point figures (all outside the simulation) must not depend on the
# compiler's taste for fused multiply-add.
CODEGEN  := -std=c17 -g $(OPT) -ffp-contract=off
ifdef SAN
CODEGEN  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifdef FUZZ
CODEGEN  += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
endif
ifdef SMALL
CPPFLAGS += -DRINGSIDE_SMALL_TABLES
endif
CPPFLAGS += -I.

# ---- sources: a folder that does not exist yet is an empty list ----------------------------------
LIB_SRC   := $(sort $(wildcard sim/*.c sim/dc/*.c models/*.c models/*/*.c))
APP_SRC   := $(sort $(wildcard cli/*.c lua/*.c tui/*.c real/*.c))
TEST_SRC  := $(sort $(filter-out tests/fuzz/%,$(wildcard tests/*.c tests/*/*.c)))
BENCH_SRC := $(sort $(wildcard bench/*.c))
FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
ALL_C     := $(LIB_SRC) $(APP_SRC) $(TEST_SRC) $(BENCH_SRC) $(FUZZ_SRC)
ALL_H     := $(sort $(wildcard sim/*.h sim/dc/*.h models/*.h models/*/*.h cli/*.h lua/*.h tui/*.h \
               real/*.h tests/*.h tests/*/*.h bench/*.h bench/*/*.h))

# The texts that are part of the program (the toy OS, its workloads, scenarios), found at run time by
# their name below scenarios/: see cli/data.h.
DATA := $(sort $(filter %.s %.inc %.lua %.po %.cpu %.tsv,$(wildcard scenarios/*.* scenarios/*/*.* scenarios/*/*/*.*)))

# A package is asked for only once the folder that uses it is there.
PKGS := popt jansson $(if $(wildcard lua/*.c),lua5.4) $(if $(wildcard tui/*.c),ncursesw)
CPPFLAGS += $(if $(wildcard lua/*.c),-DRINGSIDE_HAVE_LUA) $(if $(wildcard tui/*.c),-DRINGSIDE_HAVE_TUI) \
            $(if $(wildcard real/*.c),-DRINGSIDE_HAVE_REAL)
# Asked once, and only when something is compiled.
# Which standard the sources see is said below, not by a library.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(filter-out -D_DEFAULT_SOURCE -D_XOPEN_SOURCE=%,$$(shell pkg-config --cflags $(PKGS))))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config $(if $(filter -static,$(LDFLAGS)),--static) --libs $(PKGS)))$(PKG_LIBS)
# A peer of the benchmarks, beside which they go on without it.
UV_LIBS    = $(eval UV_LIBS := $$(shell pkg-config --silence-errors --libs libuv))$(UV_LIBS)

obj       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB       := $(BUILD)/libringside.a
LIB_OBJ   := $(call obj,$(LIB_SRC))
APP_OBJ   := $(call obj,$(APP_SRC)) $(patsubst %.S,$(BUILD)/obj/%.o,$(wildcard real/*.S)) $(BUILD)/obj/gen/data.o
# Tests and benchmarks may use what is outside the library, but for its main().
PARTS_OBJ := $(filter-out %/cli/main.o,$(APP_OBJ))
APP       := $(if $(filter build,$(BUILD)),ringside,$(BUILD)/ringside)
# To start it by, from wherever a script stands.
RUN_APP   := $(abspath $(APP))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all help test demo run-demo bench check fuzz fuzzers asan format tour install uninstall clean \
        FORCE check-unit check-cli check-lint check-format check-san check-small check-determinism \
        check-fuzz check-real check-real-bochs lint format-check build-for-unit build-for-cli build-for-lint \
        build-for-format build-for-san build-for-small build-for-determinism build-gcc-O0 build-clang-O2 \
        build-clang-O0 build-for-fuzz

all: $(APP)

help:
	$(info $(HELP))
	@:

# ---- rules ---------------------------------------------------------------------------------------
SAY := @$(if $(QUIET),:,printf '  %-7s %s\n')
# sim/ and models/ are plain ISO C; what stands outside the pure core sees POSIX.1-2008 and XSI.
outside = $(if $(filter sim/% models/%,$<),,-D_XOPEN_SOURCE=700 $(PKG_CFLAGS)) \
          $(if $(filter bench/%,$<),$(if $(UV_LIBS),-DRINGSIDE_HAVE_LIBUV) -DRINGSIDE_BENCH_KERNEL='"$(BUILD)/bench-kernel"')
COMPILE = $(CC) $(CODEGEN) $(WARN) $(CPPFLAGS) $(CFLAGS) $(outside)
LINK    = $(CC) $(CODEGEN) $(LDFLAGS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY) CC $<
	@$(COMPILE) -MMD -MP -c $< -o $@

# The guests of the real path: machine code that runs only inside a virtual machine.
$(BUILD)/obj/%.o: %.S $(BUILD)/flags $(wildcard real/layout.h)
	@mkdir -p $(@D)
	$(SAY) AS $<
	@$(CC) $(OPT) -I. -c $< -o $@

$(LIB): $(LIB_OBJ)
	$(SAY) AR $@
	@rm -f $@
	@ar rcsD $@ $^

$(APP): $(APP_OBJ) $(LIB)
	$(SAY) LD $@
	@$(LINK) -o $@ $^ -Wl,--as-needed $(PKG_LIBS) $(LDLIBS)

$(BUILD)/run-tests: $(call obj,$(TEST_SRC)) $(PARTS_OBJ) $(LIB)
	$(SAY) LD $@
	@$(LINK) -o $@ $^ -Wl,--as-needed $(PKG_LIBS) -lcunit $(LDLIBS)

# What the processor's benchmark boots in QEMU and Bochs, should they be installed.
$(BUILD)/bench-kernel: bench/cpu_native.c bench/cpu_loops.h $(wildcard bench/peers/kernel* bench/peers/floppy.S)
	@mkdir -p $(@D)
	@bench/peers/kernel_build '$(CC)' $@

$(BUILD)/run-bench: $(call obj,$(BENCH_SRC)) $(PARTS_OBJ) $(LIB) | $(BUILD)/bench-kernel
	$(SAY) LD $@
	@$(LINK) -o $@ $^ -Wl,--as-needed $(PKG_LIBS) $(UV_LIBS) $(LDLIBS)

$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call obj,$(filter tests/diff/% tests/gen/% tests/ref/%,$(TEST_SRC))) $(PARTS_OBJ) $(LIB)
	$(SAY) LD $@
	@$(LINK) -fsanitize=fuzzer -o $@ $^ -Wl,--as-needed $(PKG_LIBS) $(LDLIBS)

# Writes standard input to $@ if that changes it, so that what depends on it is rebuilt only then. Parts
# of `make check` do so at the same time, each by way of a file of its own.
update = cat >$@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# The first build on a machine says what is missing there, before the compiler does less clearly.
# Changing CC, OPT, SAN or SMALL rebuilds what was made with the old ones.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@[ -e $@ ] || scripts/setup --check demo $(PKGS)
	@echo '$(CC) $(CODEGEN) $(WARN) $(CPPFLAGS) $(CFLAGS)' | { $(update); }

# Every tests/test_NAME.c holds NAME_suite; the list is made from the file names: none is forgotten.
$(BUILD)/gen/suites.def: FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(patsubst tests/test_%.c,%,$(filter tests/test_%,$(TEST_SRC))) | { $(update); }
$(BUILD)/obj/tests/main.o: $(BUILD)/gen/suites.def
$(BUILD)/obj/tests/main.o: CPPFLAGS += -I$(BUILD)/gen

$(BUILD)/gen/data.S: FORCE
	@mkdir -p $(@D)
	@scripts/embed $(DATA) | { $(update); }
$(BUILD)/obj/gen/data.o: $(BUILD)/gen/data.S $(DATA)
	@mkdir -p $(@D)
	$(SAY) EMBED '$(words $(DATA)) files of scenarios/'
	@$(CC) $(OPT) -c $< -o $@
FORCE:

-include $(patsubst %.o,%.d,$(call obj,$(ALL_C)))

# ---- the main job, the tests ---------------------------------------------------------------------
# What needs setup runs it first and then starts make again, which may then ask pkg-config.
AGAIN = +@$(MAKE) --no-print-directory

demo:
	@scripts/setup demo $(PKGS)
	$(AGAIN) -j$(JOBS) all
	@scripts/demo $(RUN_APP)

bench:
	@scripts/setup demo $(PKGS)
	$(AGAIN) -j$(JOBS) $(BUILD)/run-bench
	@GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(BUILD)/run-bench $(BENCH_ARGS)

# Longest first.
CHECKS ?= san determinism small unit fuzz lint cli format
check:
	@scripts/setup check $(PKGS) cunit
	+@MAKE='$(MAKE)' scripts/check $(JOBS) $(CHECKS)

test: $(BUILD)/run-tests
	@$<

# Each of these works alone, prints what fails, and ends with the line "N passed, N failed". What a
# part needs built is a target of its own, so that `make check` builds for all of them at once.
VARIANT = $(AGAIN) QUIET=1 -j$(JOBS) $(@:check-%=build-for-%)
BUILD_IN = +@$(MAKE) --no-print-directory QUIET=1
build-for-unit: $(BUILD)/run-tests
build-for-cli build-for-lint: all
build-for-format:
	@:
check-unit:
	$(VARIANT)
	@$(BUILD)/run-tests
check-cli:
	$(VARIANT)
	@tests/together "tests/run-cli $(RUN_APP)" "tests/run-golden $(RUN_APP)" "tests/tui-terminal $(RUN_APP)" \
		"tests/scenarios $(RUN_APP)" "tests/texts $(RUN_APP)"
check-lint:
	$(VARIANT)
	@CLANG='$(CLANG)' tests/lint $(LIB)
lint: check-lint
check-format:
	@tests/check-format $(CLANG_FORMAT) $(ALL_C) $(ALL_H)
format-check: check-format
build-for-san:
	$(BUILD_IN) SAN=1 OPT=-O1 BUILD=$(BUILD)/san all $(BUILD)/san/run-tests
check-san:
	$(VARIANT)
	@tests/together "$(BUILD)/san/run-tests" "tests/run-cli $(BUILD)/san/ringside" \
		"tests/run-golden $(BUILD)/san/ringside"
build-for-small:
	$(BUILD_IN) SMALL=1 BUILD=$(BUILD)/small $(BUILD)/small/run-tests
check-small:
	$(VARIANT)
	@$(BUILD)/small/run-tests
build-for-determinism: all build-gcc-O0 build-clang-O2 build-clang-O0
build-gcc-O0:
	$(BUILD_IN) OPT=-O0 BUILD=$(BUILD)/gcc-O0 all
build-clang-O2:
	$(BUILD_IN) CC='$(CLANG)' BUILD=$(BUILD)/clang-O2 all
build-clang-O0:
	$(BUILD_IN) CC='$(CLANG)' OPT=-O0 BUILD=$(BUILD)/clang-O0 all
check-determinism:
	$(VARIANT)
	@tests/determinism $(RUN_APP) $(BUILD)/gcc-O0/ringside $(BUILD)/clang-O2/ringside $(BUILD)/clang-O0/ringside
# A smoke test; the CI runs `make fuzz` for longer.
build-for-fuzz:
	$(BUILD_IN) FUZZ=1 CC='$(CLANG)' OPT=-O1 BUILD=$(BUILD)/fuzz fuzzers
check-fuzz:
	$(VARIANT)
	@tests/fuzz/run $(BUILD)/fuzz 5 1
fuzz:
	$(AGAIN) QUIET=1 -j$(JOBS) build-for-fuzz
	@tests/fuzz/run $(BUILD)/fuzz $(FUZZ_TIME) $(JOBS)

# The real path in an emulated machine; not part of `check`, for it downloads some 60 MB and takes a few minutes. 77: Debian's packages cannot be had.
check-real: EMULATOR = qemu
check-real-bochs: EMULATOR = bochs
check-real check-real-bochs:
	@scripts/setup check $(PKGS)
	$(AGAIN) QUIET=1 -j$(JOBS) BUILD=$(BUILD)/static LDFLAGS=-static all
	@tests/real/check $(BUILD)/real $(BUILD)/static/ringside $(EMULATOR) || \
	    { status=$$?; [ $$status -eq 77 ] && echo '$@: skipped' || exit $$status; }

fuzzers: $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ_SRC))

asan:
	$(AGAIN) -j$(JOBS) SAN=1 BUILD=$(BUILD)/san all

format:
	@$(CLANG_FORMAT) -i $(ALL_C) $(ALL_H)

tour:
	@scripts/tour

# ---- installation --------------------------------------------------------------------------------
BINDIR  = $(DESTDIR)$(PREFIX)/bin
MANDIR  = $(DESTDIR)$(PREFIX)/share/man/man1
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR  = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
DATADIR = $(DESTDIR)$(PREFIX)/share/ringside
DOCDIR  = $(DESTDIR)$(PREFIX)/share/doc/ringside

install: $(APP)
	@$(RUN_APP) help --format=man >$(BUILD)/ringside.1
	@$(RUN_APP) help --format=bash >$(BUILD)/ringside.bash
	@$(RUN_APP) help --format=zsh >$(BUILD)/_ringside
	install -D -m 755 $(APP) $(BINDIR)/ringside
	install -D -m 644 $(BUILD)/ringside.1 $(MANDIR)/ringside.1
	install -D -m 644 $(BUILD)/ringside.bash $(BASHDIR)/ringside
	install -D -m 644 $(BUILD)/_ringside $(ZSHDIR)/_ringside
	install -d $(DOCDIR) $(DATADIR)
	install -m 644 README.md ARCHITECTURE.md LICENSE $(DOCDIR)
	$(if $(wildcard scenarios),cp -R scenarios $(DATADIR)/)

uninstall:
	rm -f $(BINDIR)/ringside $(MANDIR)/ringside.1 $(BASHDIR)/ringside $(ZSHDIR)/_ringside
	rm -rf $(DOCDIR) $(DATADIR)

clean:
	rm -rf $(BUILD) $(APP)
