# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything is built under build/. `make help` lists the targets.

VERSION := 0.1.0

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
# systemd, udev, D-Bus and depmod look here, whatever the prefix
SYSTEMDIR ?= /usr/lib/systemd
UDEVDIR ?= /usr/lib/udev
SYSUSERSDIR ?= /usr/lib/sysusers.d
DBUSDIR ?= /usr/share/dbus-1
MANDIR ?= $(PREFIX)/share/man
# compiled in: see daemon/config-files.h
CONFDIR := /usr/lib/twitchd
DKMSDIR ?= /usr/src/ads1299-$(VERSION)

# B: build directory. SANITIZE=address,undefined builds with those sanitizers, in its own directory.
SANITIZE ?=
B ?= build/$(notdir $(CC))$(if $(SANITIZE),-sanitize)
CFLAGS ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DTWITCHD_VERSION='"$(VERSION)"' -Iinclude -Idaemon -I.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wno-unused-parameter
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_LDFLAGS = $(LDFLAGS) $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# libiio 1.x is another interface. EDFlib has no .pc file.
# sqlite3: the history, written by twitchd and read by twitchctl
PKGS := libsystemd inih sqlite3
CTL_PKGS := smartcols jansson libmd
pkg = $(shell pkg-config $(1))

# --- sources: a new file in a room is found by itself -----------------------
DETECT_SRC := $(wildcard daemon/detect/*.c daemon/detect/*/*.c)
DAEMON_SRC := $(filter-out daemon/twitchd.c,$(wildcard daemon/*.c)) \
              $(wildcard daemon/source/*.c daemon/bus/*.c daemon/store/*.c)
STATS_SRC := $(wildcard daemon/stats/*.c)
REPORT_SRC := $(wildcard daemon/report/*.c)
# the report is built where there is what draws it
REPORT_PKGS := $(shell pkg-config --exists pangocairo cairo-pdf cairo-svg && echo pangocairo cairo-pdf cairo-svg)
ANSWERS_SRC := $(wildcard daemon/answers/*.c)
CTL_SRC := $(filter-out daemon/ctl/ctl.c,$(wildcard daemon/ctl/*.c))
CHIP_SRC := kernel/sim/chip.c kernel/sim/parts.c
SYNTH_TOOLS := twitch-synth twitch-play
SYNTH_SRC := $(filter-out $(SYNTH_TOOLS:%=tests/synth/%.c),$(wildcard tests/synth/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))

obj = $(patsubst %.c,$(B)/%.o,$(1))
BINARIES := $(B)/twitchd $(B)/twitchctl $(if $(REPORT_PKGS),$(B)/twitch-report)
TOOLS := $(SYNTH_TOOLS:%=$(B)/%)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE all tools unit-tests check-unit check-bus check-arm64 check-builds check-kernel bench-detect bench-hearts error-rates bench-daemon bench-speed bench-triggers bench-experiment bench-answers bench-history bench-kills bench-kernel fuzz fuzz-bus modules modules_install install uninstall check demo clean help

all: packages-build $(BINARIES) ## build twitchd and twitchctl (CC=, CFLAGS=, SANITIZE=)

# --- packages ---------------------------------------------------------------
# Installs what tests/packages/<list> names and the machine lacks, and says so. PACKAGES=no skips it.
packages-%:
	@tests/packages/install $*

# --- user space -------------------------------------------------------------
$(B)/%.o: %.c | packages-build
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(USER_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(call obj,$(DAEMON_SRC) daemon/twitchd.c $(CTL_SRC) daemon/ctl/ctl.c $(ANSWERS_SRC)): USER_CPPFLAGS = $(call pkg,--cflags libiio $(PKGS) $(CTL_PKGS))

# the schema of the history, as a string of C
$(B)/daemon/store/%.sql.h: daemon/store/%.sql
	@mkdir -p $(@D)
	sed -e 's|\\|\\\\|g' -e 's|"|\\"|g' -e 's|.*|"&\\n"|' $< > $@
$(B)/daemon/store/history.o: $(patsubst %,$(B)/%.h,$(wildcard daemon/store/*.sql))
$(B)/daemon/store/history.o: USER_CPPFLAGS += -I$(B)/daemon/store

$(call obj,$(REPORT_SRC)): USER_CPPFLAGS = $(call pkg,--cflags $(PKGS) $(CTL_PKGS) $(REPORT_PKGS))

# one rounding for each operation, so that all machines compute the same
$(call obj,$(DETECT_SRC)): ALL_CFLAGS += -ffp-contract=off
$(B)/libdetect.a: $(call obj,$(DETECT_SRC))
$(B)/libstats.a: $(call obj,$(STATS_SRC))
$(B)/libanswers.a: $(call obj,$(ANSWERS_SRC))
$(B)/libtwitchd.a: $(call obj,$(DAEMON_SRC))
$(B)/libctl.a: $(call obj,$(CTL_SRC))
$(B)/libchip.a: $(call obj,$(CHIP_SRC))
$(B)/libsynth.a: $(call obj,$(SYNTH_SRC))
$(B)/lib%.a:
	@rm -f $@
	$(AR) rcs $@ $^

LIBS = $(call pkg,--libs 'libiio >= 0.24 libiio < 1.0' 'libsystemd >= 252' inih 'sqlite3 >= 3.40') -lpthread -lm
CTL_LIBS = $(call pkg,--libs smartcols jansson libmd)

$(B)/twitchd: $(call obj,daemon/twitchd.c) $(B)/libtwitchd.a $(B)/libdetect.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/twitchctl: $(call obj,daemon/ctl/ctl.c) $(B)/libctl.a $(B)/libanswers.a $(B)/libtwitchd.a $(B)/libdetect.a $(B)/libstats.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(CTL_LIBS) $(LIBS)

$(call obj,$(wildcard tests/synth/*.c)): | packages-tools
tools: $(TOOLS) ## build the signal generator and the player
$(TOOLS): $(B)/%: $(B)/tests/synth/%.o $(B)/libsynth.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lsamplerate -ledf -lm

$(call obj,$(wildcard tests/unit/*.c)): | packages-unit
unit-tests: $(UNIT_TESTS:%=$(B)/%) $(B)/stats-values $(B)/make-history ## build the unit tests
$(B)/test-%: $(B)/tests/unit/test-%.o $(B)/libctl.a $(B)/libanswers.a $(B)/libtwitchd.a $(B)/libdetect.a $(B)/libstats.a $(B)/libchip.a $(B)/libsynth.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs check) -lsamplerate -ledf $(CTL_LIBS) $(LIBS)

$(B)/twitch-report: $(call obj,$(REPORT_SRC)) $(B)/libctl.a $(B)/libanswers.a $(B)/libtwitchd.a $(B)/libdetect.a $(B)/libstats.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs $(REPORT_PKGS)) $(CTL_LIBS) $(LIBS)

$(B)/make-history: $(B)/tests/answers/make-history.o $(B)/libtwitchd.a $(B)/libdetect.a $(B)/libsynth.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/stats-values: $(B)/tests/unit/stats-values.o $(B)/libstats.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm

check-unit: all tools unit-tests $(B)/fuzz-edf ## run the unit tests and twitchctl's (SANITIZE=address,undefined)
	@tests/unit/run $(B) $(UNIT_TESTS)
	$(B)/fuzz-edf tests/fuzz/edf-corpus/*
	@tests/ctl/run $(B)
	@tests/unit/stats-oracle $(B)
	@tests/ctl/files $(B)
	@tests/answers/run $(B)

$(B)/replay: $(B)/tests/portable/replay.o $(B)/libdetect.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm
check-portable: tools $(B)/replay ## hold the detector on arm64, emulated, to what it says here
	@tests/portable/run $(B)

READER_SRC := $(filter-out daemon/source/iio.c daemon/source/iio-check.c daemon/source/clock.c daemon/source/ring.c,$(wildcard daemon/source/*.c))
# The corpus is a test of check-unit; this looks for new cases, which it leaves in build/fuzz/.
FUZZ_SECONDS ?= 600
$(B)/fuzz-edf: $(B)/tests/fuzz/edf.o $(B)/libtwitchd.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm
fuzz: packages-check ## feed the EDF and BDF reader what nobody thought of (FUZZ_SECONDS=)
	@mkdir -p build/fuzz/edf-new
	clang $(CPPFLAGS) -DFUZZ -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o build/fuzz/edf tests/fuzz/edf.c $(READER_SRC) daemon/utf8.c -lm
	cd build/fuzz && ./edf -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=1024 \
		-dict=../../tests/fuzz/edf.dict edf-new ../../tests/fuzz/edf-corpus

.PHONY: check-structure check-mutants tidy coverage
check-structure: ## hold the rules of who may include whom, and print how the code is cut
	@tests/structure/run

# Changes one constant or condition of the detector at a time; a test of that stage has to notice. (MUTANTS=, a part of a name)
check-mutants: packages-unit packages-tools ## change the detector, one thing at a time: which tests notice? (MUTANTS=)
	@tests/mutants/run $(MUTANTS)

# --- tools that read the code -----------------------------------------------
compile_commands.json: FORCE ## for editors and clang-tidy: how each file is compiled
	@$(MAKE) -Bnk --no-print-directory all tools unit-tests | tests/compile-commands > $@

tidy: packages-tidy compile_commands.json ## look for defects with clang-tidy; in the detector, or TIDY=files; .clang-tidy says for which
	@run-clang-tidy -quiet -p . $(or $(TIDY),daemon/detect) 2>/dev/null

coverage: packages-coverage ## which lines the unit tests reach, as a table
	$(MAKE) B=build/coverage CC=gcc CFLAGS='-O1 -g --coverage' unit-tests tools all
	-CK_FORK=no tests/unit/run build/coverage $(UNIT_TESTS)
	gcovr --root . --filter daemon/ --object-directory build/coverage

check-bus: all $(B)/systemd/twitchd.service $(B)/make-history ## run twitchd on a private bus with an emulated device
	@tests/bus/run $(B)
	@tests/answers/service $(B)
	@tests/bus/fuzz $(B) 12

fuzz-bus: all ## hostile clients on a private bus (SANITIZE=address,undefined, FUZZ_SECONDS=)
	@tests/bus/fuzz $(B) $(FUZZ_SECONDS)

# --- benchmarks -------------------------------------------------------------
BENCH_SRC := $(filter-out tests/bench/bench-%.c tests/bench/cut-vfs.c,$(wildcard tests/bench/*.c))
BENCH_HOURS ?= 100
BENCH_MINUTES ?= 45

$(B)/libbench.a: $(call obj,$(BENCH_SRC))
$(B)/bench-detect $(B)/bench-speed $(B)/bench-templates $(B)/bench-hearts: $(B)/bench-%: $(B)/tests/bench/bench-%.o $(B)/libbench.a $(B)/libsynth.a $(B)/libdetect.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm

bench-detect: $(B)/bench-detect ## judge the detector against theory and its peers (BENCH_HOURS=, BENCH_MINUTES=, BENCH_TIERS=T1,T2,size,noise,T3,T4)
	@tests/bench/report.py --hours $(BENCH_HOURS) --twitch-minutes $(BENCH_MINUTES) $(if $(BENCH_TIERS),--tiers $(BENCH_TIERS)) $<

bench-hearts: $(B)/bench-hearts ## false alarms and twitches lost beside hearts of many shapes, sizes and rhythms (BENCH_SEED=1, BENCH_HEARTS=12)
	@$< $(or $(BENCH_SEED),1) $(or $(BENCH_HEARTS),12)

# Page 2 of the report prints these; how large a bench, in the head of the file
error-rates: $(B)/bench-detect ## run bench-detect and write what page 2 of the report says of the detector's errors
	@$(MAKE) --no-print-directory bench-detect BENCH_TIERS=T1,T2
	@tests/bench/error-rates.py --hours $(BENCH_HOURS) --minutes $(BENCH_MINUTES) build/bench/detect.json daemon/report/error-rates.h

# Lives of people who keep a diary, and experiments: what the answers promise, in numbers
BENCH_LIVES ?= 10000
$(B)/bench-triggers $(B)/bench-experiment: $(B)/bench-%: $(B)/tests/bench/bench-%.o $(B)/libbench.a $(B)/libstats.a $(B)/libsynth.a $(B)/libdetect.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lm
bench-triggers: $(B)/bench-triggers ## how often triggers are found that are none, and those that are (BENCH_LIVES=)
	@$< $(BENCH_LIVES)
bench-answers: all $(B)/make-history ## time and memory of trends, triggers and the report
	@tests/answers/bench $(B)
bench-experiment: $(B)/bench-experiment ## what coin-flip experiments find, and what they should not
	@$<

$(B)/bench-kills: $(B)/tests/bench/cut-vfs.o
$(B)/bench-history $(B)/bench-kills: $(B)/bench-%: $(B)/tests/bench/bench-%.o $(B)/libtwitchd.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
BENCH_EVENTS ?= 100000
bench-history: $(B)/bench-history ## time and size of the history (BENCH_EVENTS=1000000 for a heavy year)
	@dir=$$(mktemp -d build/bench-history.XXXXXX) && { $< $$dir $(BENCH_EVENTS); r=$$?; rm -r $$dir; exit $$r; }
BENCH_KILLS ?= 50
BENCH_CUTS ?= 20
BENCH_SEED ?= 1
bench-kills: $(B)/bench-kills ## kill the writer of the history, on a slow disk too, cut its power, at random moments: what is lost? (BENCH_KILLS=1000, BENCH_CUTS=200, BENCH_SEED=)
	@for how in "$(BENCH_KILLS) $(BENCH_SEED)" "$(BENCH_KILLS) $(BENCH_SEED) slow" "$(BENCH_CUTS) $(BENCH_SEED) power"; do dir=$$(mktemp -d build/bench-kills.XXXXXX) && \
		{ $< $$dir $$how; r=$$?; rm -r $$dir; [ $$r = 0 ] || exit $$r; }; done

# A disk whose power goes again and again while it is written to; how many in the usual tests: tests/vm/scenarios/history.py
.PHONY: bench-power-cuts bench-record
POWER_CUTS ?= 200
bench-power-cuts: ## cut the power of the virtual machine under load: is anything older than a second lost? (POWER_CUTS=)
	@POWER_CUTS=$(POWER_CUTS) tests/vm/run history

# In real time: RECORD_KILLS=100 takes half an hour, and RECORD_MINUTES three times itself
RECORD_KILLS ?= 10
RECORD_MINUTES ?= 5
bench-record: packages-bench all tools $(B)/bench-history ## recordings after kills and replayed, memory, bytes a day, snapshots (RECORD_KILLS=, RECORD_MINUTES=, BENCH_EVENTS=)
	@for what in "kills $(RECORD_KILLS)" "replay $(RECORD_MINUTES)" "memory $(RECORD_MINUTES)" "rest $(RECORD_MINUTES)" \
		"snapshot $(BENCH_EVENTS)"; do \
		tests/bench/record.py $(B) $$what || exit 1; done

bench-kernel: packages-bench-kernel ## the driver beside mainline's ti-ads1298 on the simulated bus: losses, instructions, times
	@TWITCH_VM_ACCEL=icount tests/vm/run --keep bench-kernel

DAEMON_SECONDS ?= 60
bench-daemon: all ## what the service costs and how fast it is (DAEMON_SECONDS=)
	@tests/bench/daemon.py $(B) $(DAEMON_SECONDS)

bench-speed: packages-bench $(B)/bench-speed ## time the detector beside the same filters in NumPy/SciPy
	@/usr/bin/python3 tests/bench/speed.py $(B)/bench-speed

$(B)/bench-reader: $(B)/tests/bench/bench-reader.o $(B)/libtwitchd.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -ledf -lm
.PHONY: bench-reader bench-large
bench-reader: tools all $(B)/bench-reader ## time reading and analysing an hour of 8 channels beside EDFlib
	@tests/bench/reader $(B)
bench-large: tools all ## print how much memory recordings of 60 MB to 6 GB take
	@tests/bench/large $(B)

# --- kernel modules ---------------------------------------------------------
# KDIR: configured kernel headers; by default those of this kernel, else the newest installed
KDIR ?= $(lastword $(sort $(wildcard /usr/src/linux-headers-*-amd64 /lib/modules/*/build)) \
        $(wildcard /lib/modules/$(shell uname -r)/build))
KRELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
KB = build/modules-$(KRELEASE)

modules: packages-modules ## build ads1299.ko and ads1299-sim.ko (KDIR=kernel headers)
	@test -n "$(KRELEASE)" || { echo "make modules: no kernel headers at '$(KDIR)': apt install linux-headers-$$(dpkg --print-architecture), or give KDIR=" >&2; exit 1; }
	@mkdir -p $(KB)
	@cp -ru --preserve=timestamps Kbuild kernel include $(KB)/
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(KB) W=1 modules

modules_install: modules ## install the modules under DESTDIR
	install -d $(DESTDIR)/lib/modules/$(KRELEASE)/updates
	install -m 0644 $(KB)/ads1299.ko $(KB)/ads1299-sim.ko $(DESTDIR)/lib/modules/$(KRELEASE)/updates/
	$(if $(DESTDIR),,depmod $(KRELEASE))

check-builds: packages-builds ## build the modules for Linux 6.1, 6.12, 7.x on amd64, arm64, armhf, with gcc and clang
	@tests/builds/run

check-arm64: packages-arm64 ## run the driver in an arm64 guest whose device tree has the hat
	@tests/arm64/run

check-kernel: packages-kernel ## test the modules in a kernel with KASAN, lockdep, kmemleak, failslab (SEED=, ROUNDS=)
	@tests/kernel/run

# --- pages: from what the programs know of themselves ------------------------
# PAGES_FROM: a twitchctl that runs here, where the one that was built does not
PAGES_FROM ?= $(B)/twitchctl
MAN_PAGES := twitchctl.1 twitchd.8 twitchd.conf.5 org.twitchd1.5
PAGES := $(MAN_PAGES:%=$(B)/pages/%) $(B)/pages/twitchctl.bash $(B)/pages/_twitchctl
.PHONY: pages
install: pages
pages: $(PAGES) ## make the man pages and completions
$(PAGES): $(B)/pages/%: daemon/ctl/pages.py $(B)/twitchctl $(wildcard daemon/bus/*.xml) include/twitchd.h
	@mkdir -p $(@D)
	daemon/ctl/pages.py $* $(PAGES_FROM) > $@

# --- installation -----------------------------------------------------------
# source:destination:mode. *.in files have @PREFIX@ and @VERSION@ filled in.
INSTALL_FILES := \
    $(B)/twitchd:$(PREFIX)/libexec/twitchd:755 \
    $(B)/twitchctl:$(PREFIX)/bin/twitchctl:755 \
    $(if $(REPORT_PKGS),$(B)/twitch-report:$(PREFIX)/bin/twitch-report:755) \
    $(B)/systemd/twitchd.service:$(SYSTEMDIR)/system/twitchd.service:644 \
    $(B)/systemd/twitchd-remote.conf:$(PREFIX)/share/twitchd/remote.conf:644 \
    daemon/twitchd.conf:$(CONFDIR)/twitchd.conf:644 \
    systemd/twitchd.catalog:$(SYSTEMDIR)/catalog/twitchd.catalog:644 \
    systemd/twitchd.sysusers:$(SYSUSERSDIR)/twitchd.conf:644 \
    systemd/org.twitchd1.conf:$(DBUSDIR)/system.d/org.twitchd1.conf:644 \
    systemd/org.twitchd1.service:$(DBUSDIR)/system-services/org.twitchd1.service:644 \
    udev/60-twitchd.rules:$(UDEVDIR)/rules.d/60-twitchd.rules:644 \
    include/twitchd.h:$(PREFIX)/include/twitchd.h:644 \
    $(foreach p,$(MAN_PAGES),$(B)/pages/$(p):$(MANDIR)/man$(patsubst .%,%,$(suffix $(p)))/$(p):644) \
    $(B)/pages/twitchctl.bash:$(PREFIX)/share/bash-completion/completions/twitchctl:644 \
    $(B)/pages/_twitchctl:$(PREFIX)/share/zsh/site-functions/_twitchctl:644 \
    $(foreach f,$(wildcard daemon/bus/*.xml),$(f):$(DBUSDIR)/interfaces/$(notdir $(f)):644)
DKMS_FILES := Kbuild include/ads1299.h $(wildcard kernel/*.[ch] kernel/sim/*.[ch])

# each time: PREFIX may have changed
$(B)/systemd/%: systemd/%.in FORCE
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@VERSION@|$(VERSION)|g' $< > $@

field = $(word $(2),$(subst :, ,$(1)))
install: all $(B)/systemd/twitchd.service $(B)/systemd/twitchd-remote.conf ## install the service and the DKMS sources (DESTDIR=, PREFIX=)
	@set -e; $(foreach f,$(INSTALL_FILES),install -vDm$(call field,$(f),3) $(call field,$(f),1) $(DESTDIR)$(call field,$(f),2);)
	@set -e; $(foreach f,$(DKMS_FILES),install -Dm644 $(f) $(DESTDIR)$(DKMSDIR)/$(f);)
	@sed 's|@VERSION@|$(VERSION)|g' kernel/dkms.conf > $(DESTDIR)$(DKMSDIR)/dkms.conf
	$(if $(DESTDIR),,@if [ -d /run/systemd/system ]; then systemd-sysusers twitchd.conf && \
		journalctl --update-catalog && systemctl daemon-reload && systemctl reload dbus && udevadm control --reload; fi)

uninstall: ## remove what install put there
	rm -f $(foreach f,$(INSTALL_FILES),$(DESTDIR)$(call field,$(f),2))
	rm -rf $(DESTDIR)$(DKMSDIR)

# --- the two commands -------------------------------------------------------
demo: ## boot a virtual machine with the simulated hat and show twitches on D-Bus
	tests/vm/demo

check: ## run all tests; ends with 'N passed, N failed, N skipped'
	tests/check

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z0-9_.-]*\):.* ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 30

-include $(shell find $(B) -name '*.d' 2>/dev/null)
