# Postwatch
#
#   make run      install what is missing, build, watch (WATCH="host[:port] ..." says what)
#   make check    install what the tests need, build, run them all (TESTS="unit/ peers/" runs some of them)
#   make check-debian12 | check-debian13      the same in a chroot of that release, as root or with sudo
#   make          build/postwatch and build/plugins/*.so
#   make unit     build and run the unit tests alone
#   make install  to $(DESTDIR)$(PREFIX); configuration to $(DESTDIR)$(SYSCONF)/postwatch, never over one that is there
#   make lint     house rules, gcc and clang without a warning, cppcheck
#   make bench | fuzz | soak | coverage | deps | clean
#
# CC=clang, SAN=address,undefined (a sanitized variant under build/address-undefined), WERROR=1 (a warning is an error), V=1
# (shows the commands). What a target needs from Debian it installs by itself, with sudo where you are not root, and only
# what is missing.

VERSION := 0.1.0
PREFIX  ?= /usr/local
SYSCONF ?= /etc
WATCH   ?= localhost:25
SAN     ?=
WERROR  ?=
Q       := $(if $(V),,@)
comma   := ,
B       := build$(addprefix /,$(subst $(comma),-,$(SAN)))

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wconversion
FORTIFY  := $(if $(SAN),,-D_FORTIFY_SOURCE=2)
override CFLAGS   += -std=gnu17 -fPIC -fvisibility=hidden -fstack-protector-strong $(WARNINGS) \
                     $(if $(WERROR),-Werror) $(SAN:%=-fsanitize=%) $(if $(SAN),-fno-omit-frame-pointer -fno-sanitize-recover=all)
override CPPFLAGS += -D_GNU_SOURCE $(FORTIFY) -Iinclude
override LDFLAGS  += -Wl,-z,relro,-z,now $(SAN:%=-fsanitize=%)

# libev is linked statically with its names hidden: it also answers to libevent's, and a plugin on libevent would meet them.
PACKAGES := libconfig openssl libidn2 libpcre2-8 sqlite3
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -l:libev.a -lm -Wl,--exclude-libs,libev.a
PATHS    := -DPW_VERSION='"$(VERSION)"' -DPW_PLUGIN_DIR='"$(PREFIX)/lib/postwatch/plugins"' \
            -DPW_SYSCONF_DIR='"$(SYSCONF)/postwatch"'

object    = $(patsubst %.c,$(B)/%.o,$(1))
CORE     := $(call object,$(filter-out core/main.c,$(wildcard core/*/*.c)))
PLUGINS  := $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*.c)))
PLUGINS  := $(sort $(PLUGINS))
PEERS    := $(patsubst tests/peers/%/,%,$(sort $(dir $(wildcard tests/peers/*/*.c))))
UNIT     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
FIXTURES := $(patsubst %.c,$(B)/%.so,$(wildcard tests/fixtures/plugins/*/*.c))
# A sanitizer wants to be loaded before all else.
CLOCKS   := $(if $(SAN),,$(B)/tests/fixtures/clocks.so $(B)/tests/fixtures/faster.so)
BENCH    := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))

# starttls and banner hold the same dialogue as smtp.
sources_starttls := plugins/smtp/dialogue.c plugins/smtp/ehlo.c plugins/smtp/software.c plugins/smtp/words.c
sources_banner   := plugins/smtp/dialogue.c plugins/smtp/software.c plugins/smtp/words.c
sources_email    := $(wildcard plugins/email/gate/*.c)
libs_email       := -lesmtp -lseccomp -lgsasl -lssl -lcrypto
libs_webhook     := -lcurl -ljansson -lcrypto

.PHONY: all run check bench coverage fuzz soak lint install deps check-deps chroot-deps soak-deps bench-deps coverage-deps clean tests unit \
        check-debian12 check-debian13
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/postwatch $(PLUGINS:%=$(B)/plugins/%.so)

# The core as one archive: of it a test program takes the modules that it uses.
$(B)/core.a: $(CORE)
	@echo "  AR   $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# What a program is linked from: its own objects before the archive, whatever order the prerequisites are named in.
linked = $(filter %.o,$^) $(filter %.a,$^)

$(B)/postwatch: $(call object,core/main.c) $(B)/core.a
	@echo "  LD   $@"
	$(Q)$(CC) -pie $(LDFLAGS) $(linked) $(LIBS) -o $@

# No plugin is used that a group may write to, and a user of Debian has a umask of 002.
define plugin
$(B)/plugins/$(1).so: $(call object,$(wildcard plugins/$(1)/*.c) $(sources_$(1)))
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	$$(Q)$$(CC) -shared $$(LDFLAGS) $$(if $$(SAN),,-Wl,-z,defs) $$^ $$(libs_$(1)) -o $$@ && chmod go-w $$(@D) $$@
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin,$(p))))

$(B)/core/%.o $(B)/tests/%.o: INCLUDES = -Icore $(PATHS) $(shell pkg-config --cflags $(PACKAGES))
$(B)/tests/%.o: INCLUDES += -Itests

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

# Tests: every tests/unit/NAME.c is one cmocka program over the core.
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/core.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $(linked) -lcmocka $(LIBS) -o $@

# Their allocations fail when the test says so.
$(B)/tests/unit/no_memory: override LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(B)/tests/unit/monitor_no_memory: override LDFLAGS += -Wl,--wrap=malloc

# Its time is its own.
$(B)/tests/unit/told_schedules: override LDFLAGS += -Wl,--wrap=clock_gettime

# Apart from the core, whose writer of JSON has names that are jansson's as well.
$(B)/tests/unit/webhook: $(call object,tests/unit/webhook.c plugins/webhook/format.c plugins/webhook/post.c plugins/webhook/receipt.c)
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $^ -lcmocka $(libs_webhook) -o $@

$(B)/tests/unit/email_reply: $(call object,plugins/email/gate/reply.c)
$(B)/tests/unit/email_tls: $(call object,$(addprefix plugins/email/gate/,tls.c wire.c reply.c))
$(B)/tests/unit/email_auth: $(call object,$(addprefix plugins/email/gate/,auth.c wire.c reply.c tls.c))
$(B)/tests/unit/email_session: $(call object,$(filter-out plugins/email/gate/gate.c,$(sources_email)))
$(B)/tests/unit/email_auth $(B)/tests/unit/email_session build/fuzz/relay $(B)/tests/fuzz/relay: LIBS += $(libs_email)
build/fuzz/relay $(B)/tests/fuzz/relay: $(call object,$(filter-out plugins/email/gate/gate.c,$(sources_email)))
$(B)/tests/unit/email_mime build/fuzz/notice $(B)/tests/fuzz/notice: $(call object,plugins/email/mime.c)
$(B)/tests/unit/peers_split: $(call object,$(addprefix tests/peers/peer/,play.c phrase.c script.c))

# The scripted peer and the certificates it shows: a program for each folder of tests/peers, apart from the core.
define peer_tool
$(B)/tests/bin/$(1): $(call object,$(wildcard tests/peers/$(1)/*.c))
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	$$(Q)$$(CC) $$(LDFLAGS) $$^ -lssl -lcrypto -o $$@
endef
$(foreach p,$(filter-out deliver,$(PEERS)),$(eval $(call peer_tool,$(p))))

# It is the host of a notifier, and looks up names as one.
$(B)/tests/bin/deliver: $(call object,$(wildcard tests/peers/deliver/*.c)) $(B)/core.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $(linked) $(LIBS) -o $@

# Keepers that tests have to find out: one says that a run is committed before it is, one does not keep how far it is.
mutants := early lost
flag_early := -DKEEPER_ANSWERS_EARLY
flag_lost := -DKEEPER_LOSES_A_NUMBER

$(mutants:%=$(B)/%/journal.o): $(B)/%/journal.o: core/keeper/journal.c
	@mkdir -p $(@D)
	@echo "  CC   $< ($*)"
	$(Q)$(CC) $(CPPFLAGS) $(flag_$*) $(CFLAGS) -Icore $(PATHS) $(shell pkg-config --cflags $(PACKAGES)) -MMD -MP -c $< -o $@

$(mutants:%=$(B)/tests/bin/postwatch-%): $(B)/tests/bin/postwatch-%: $(call object,core/main.c) $(B)/%/journal.o $(B)/core.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) -pie $(LDFLAGS) $(linked) $(LIBS) -o $@

# Plugins that tests load, good and broken ones.
$(B)/tests/fixtures/%.so: $(B)/tests/fixtures/%.o
	@echo "  LD   $@"
	$(Q)$(CC) -shared $(LDFLAGS) $^ -o $@ && chmod go-w $(@D) $@

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/core.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $(linked) $(LIBS) -o $@

$(B)/tests/bench/prober $(B)/tests/bench/store: $(B)/core.a
$(B)/tests/bench/%: $(B)/tests/bench/%.o
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $(linked) $(LIBS) -o $@

# What make run, make check and make bench need beyond Debian's base; installed only where missing. The Postfix that the
# tests start has a configuration of its own: the host gets none, and so no mail server.
deps_run   := gcc libc6-dev make pkg-config libconfig-dev libev-dev libssl-dev libidn2-dev libpcre2-dev libsqlite3-dev \
              libesmtp-dev libgsasl-dev libseccomp-dev libcurl4-openssl-dev libjansson-dev ca-certificates tzdata
deps_check := $(deps_run) git clang libclang-rt-dev libcmocka-dev openssl python3 postfix strace systemd mandoc \
              cppcheck iproute2 procps sasl2-bin libsasl2-modules prometheus-alertmanager rsyslog python3-jsonschema \
              monitoring-plugins-basic

# Servers that tests start by themselves: the host is to have none of them running.
quiet := rsyslog prometheus-alertmanager

define install_packages
	$(Q)missing=$$(for p in $(1); do \
		[ "$$(dpkg-query -Wf '$${db:Status-Status}' $$p 2>/dev/null)" = installed ] || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing:" $$missing; \
	[ "$$missing" = "$${missing#*postfix}" ] || \
		echo postfix postfix/main_mailer_type select No configuration | $$sudo debconf-set-selections; \
	$$sudo apt-get update -qq; \
	policy=/usr/sbin/policy-rc.d; [ -e $$policy ] && policy= || \
		printf '#!/bin/sh\nexit 101\n' | $$sudo sh -c "cat >$$policy && chmod 755 $$policy"; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; done=$$?; \
	[ -z "$$policy" ] || $$sudo rm -f $$policy; \
	for p in $(quiet); do case " $$missing " in *" $$p "*) \
		! command -v systemctl >/dev/null || $$sudo systemctl disable $$p >/dev/null 2>&1 || true;; esac; done; \
	exit $$done
endef

deps: ; $(call install_packages,$(deps_run))
check-deps: ; $(call install_packages,$(deps_check))
chroot-deps: ; $(call install_packages,debootstrap git)
soak-deps: check-deps ; $(call install_packages,debootstrap)
coverage-deps: check-deps ; $(call install_packages,llvm)
bench-deps: check-deps
	$(Q)tests/bench/exporter.sh

tests: all $(mutants:%=$(B)/tests/bin/postwatch-%) $(FIXTURES) $(CLOCKS) $(PEERS:%=$(B)/tests/bin/%) $(UNIT:%=$(B)/tests/unit/%) $(FUZZ:%=$(B)/tests/fuzz/%) $(BENCH:%=$(B)/tests/bench/%)

# The unit tests alone, for a quick turn.
unit: all $(FIXTURES) $(UNIT:%=$(B)/tests/unit/%)
	$(Q)for t in $(UNIT); do $(B)/tests/unit/$$t >$(B)/tests/unit/$$t.log 2>&1 || { cat $(B)/tests/unit/$$t.log; exit 1; }; done

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(B)/postwatch run -S $(B)/state $(WATCH)

check: check-deps
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)BUILD=$(B) tests/run $(TESTS)

# The same in a chroot of that Debian release: what a machine that runs the other one would show.
check-debian12 check-debian13: chroot-deps
	$(Q)SAN=$(SAN) tests/debian $(@:check-debian%=%) $(TESTS)

# Postwatch beside others in one table; BENCH_PARTS="plain starttls" takes some of it.
bench: bench-deps
	$(Q)$(MAKE) --no-print-directory all $(BENCH:%=$(B)/tests/bench/%)
	$(Q)BUILD=$(B) tests/bench/run $(BENCH_PARTS)

# Which lines and branches of which room the tests reach; TESTS as for make check.
coverage: coverage-deps
	$(Q)$(MAKE) --no-print-directory CC=clang B=build/coverage tests \
		CFLAGS='-O1 -g -fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation' \
		LDFLAGS=-fprofile-instr-generate
	$(Q)BUILD=build/coverage tests/coverage $(TESTS)

# Style, house rules, static analysis: what a reviewer need not look for; then sizes and shapes in figures.
lint: check-deps
	$(Q)tests/lint/house.test
	$(Q)for cc in gcc clang; do \
		$(MAKE) --no-print-directory CC=$$cc WERROR=1 B=build/lint-$$cc tests || exit 1; done
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=normalCheckLevelMaxBranches --error-exitcode=1 \
		$(PATHS) -Iinclude -Icore core plugins
	$(Q)tests/lint/figures

# Each fuzz target for FUZZ_SECONDS, by libFuzzer; what it finds new is added to its corpus.
FUZZ_SECONDS ?= 60
fuzz: check-deps
	$(Q)$(MAKE) --no-print-directory CC=clang SAN=fuzzer-no-link,address,undefined $(FUZZ:%=build/fuzz/%)
	$(Q)for f in $(FUZZ); do mkdir -p tests/fuzz/corpus/$$f && echo "== $$f" && \
		build/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/$$f- tests/fuzz/corpus/$$f || exit 1; done

# 10,000 power cuts for the store, 10,000 schedules of what holds notices back, 100 labelled timelines of each kind, 1,000
# kills of each process and one before each of its calls, 500 reloads, real servers in each of their situations; then the
# whole daemon in bad weather: servers that come and go, workers that die.
SOAK_MINUTES ?= 60
SOAK_TIMELINES ?= 100
soak: soak-deps
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)POWER_CUTS=10000 $(B)/tests/unit/store_power
	$(Q)SCHEDULES=10000 $(B)/tests/unit/told_schedules
	$(Q)TIMELINES=$(SOAK_TIMELINES) $(B)/tests/unit/timelines
	$(Q)BUILD=$(B) TIMELINE_SEEDS=3 tests/end-to-end/timelines.test
	$(Q)BUILD=$(B) KILLS=1000 tests/end-to-end/kill.test
	$(Q)BUILD=$(B) KILLS=1000 tests/end-to-end/kill-full.test
	$(Q)BUILD=$(B) EVERY=1 tests/end-to-end/each-call.test
	$(Q)BUILD=$(B) RELOAD_ROUNDS=500 tests/end-to-end/reload.test
	$(Q)BUILD=$(B) CLOCKS_STOP=300 tests/end-to-end/clocks.test
	$(Q)BUILD=$(B) SESSIONS=10000 tests/end-to-end/relay-hostile.test
	$(Q)BUILD=$(B) tests/real-servers/matrix
	$(Q)BUILD=$(B) tests/end-to-end/soak $(SOAK_MINUTES)

build/fuzz/%: $(B)/tests/fuzz/%.o $(B)/core.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $(linked) $(LIBS) -o $@

# Paths are put into what is installed only here, so PREFIX may differ from that of the build.
SHARE    = $(DESTDIR)$(PREFIX)/share
PATHS_IN = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|/usr/local|$(PREFIX)|' \
           -e 's|/etc/postwatch|$(SYSCONF)/postwatch|'
install: all
	install -D -m 755 $(B)/postwatch $(DESTDIR)$(PREFIX)/bin/postwatch
	install -d $(DESTDIR)$(PREFIX)/lib/postwatch/plugins $(DESTDIR)$(PREFIX)/include/postwatch
	install -m 644 $(PLUGINS:%=$(B)/plugins/%.so) $(DESTDIR)$(PREFIX)/lib/postwatch/plugins
	install -m 644 $(wildcard include/postwatch/*) $(DESTDIR)$(PREFIX)/include/postwatch
	for page in $(wildcard core/*.8 conf/*.5 plugins/*/*.5); do \
		install -D -m 644 $$page $(SHARE)/man/man$${page##*.}/$${page##*/} || exit 1; done
	install -D -m 644 core/command/postwatch.bash $(SHARE)/bash-completion/completions/postwatch
	install -d $(SHARE)/pkgconfig $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(PATHS_IN) conf/postwatch.pc.in > $(SHARE)/pkgconfig/postwatch.pc
	install -d $(SHARE)/postwatch
	for file in nagios.cfg icinga2.conf; do $(PATHS_IN) conf/$$file > $(SHARE)/postwatch/$$file || exit 1; done
	$(PATHS_IN) conf/postwatch.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/postwatch.service
	[ -e $(DESTDIR)$(SYSCONF)/postwatch/postwatch.conf ] || \
		install -D -m 644 conf/postwatch.conf $(DESTDIR)$(SYSCONF)/postwatch/postwatch.conf

# Files of a chroot, and of the real servers' packages, belong to root.
clean:
	$(Q)sudo=; [ "$$(id -u)" = 0 ] || [ -z "$(wildcard build/debian* build/real-servers)" ] || sudo=sudo; $$sudo rm -rf --one-file-system build

-include $(shell find $(B) \( -path 'build/debian*' -o -path build/real-servers \) -prune -o -name '*.d' -print 2>/dev/null)
