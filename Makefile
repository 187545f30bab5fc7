# Postwatch:
#   make run      install what is missing, build, watch (WATCH="host[:port] ..." says what)
#   make check    install what the tests need, build, run them all (TESTS="unit/ peers/" runs some of them)
#   make check-debian12 | check-debian13      the same in a chroot of that release, as root or with sudo
#   make          build/postwatch, build/screen.so and build/plugins/*.so
#   make unit     build and run the unit tests alone
#   make install  to $(DESTDIR)$(PREFIX); configuration to $(DESTDIR)$(SYSCONF)/postwatch, never over one that is there
#   make lint     house rules, gcc and clang without a warning, cppcheck
#   make bench | fuzz | soak | coverage | deps | clean
#
# CC=clang, SAN=address,undefined (under build/address-undefined), WERROR=1 (a warning is an error), V=1 (shows the commands).
# What a target needs from Debian and is missing it installs by itself, with sudo where you are not root.

VERSION := 0.1.0
PREFIX  ?= /usr/local
SYSCONF ?= /etc
WATCH   ?= localhost:25
Q       := $(if $(V),,@)
comma   := ,
B       := build$(addprefix /,$(subst $(comma),-,$(SAN)))

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wconversion
override CFLAGS   += -std=gnu17 -fPIC -fvisibility=hidden -fstack-protector-strong $(WARNINGS) \
                     $(if $(WERROR),-Werror) $(SAN:%=-fsanitize=%) $(if $(SAN),-fno-omit-frame-pointer -fno-sanitize-recover=all)
override CPPFLAGS += -D_GNU_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=2) -Iinclude
override LDFLAGS  += -Wl,-z,relro,-z,now $(SAN:%=-fsanitize=%)

# libmicrohttpd is loaded by the process that serves the page alone, since it brings GnuTLS. libev is linked statically with its
# names hidden: it also answers to libevent's, and a plugin on libevent would meet them; so is libyaml, which only `import` uses.
PACKAGES := libconfig openssl libidn2 libpcre2-8 sqlite3 libmicrohttpd zlib libseccomp
LIBS      = $(shell pkg-config --libs $(filter-out libmicrohttpd,$(PACKAGES))) -l:libev.a -l:libyaml.a -lm \
            -Wl,--exclude-libs,libev.a:libyaml.a
PATHS    := -DPW_VERSION='"$(VERSION)"' -DPW_PLUGIN_DIR='"$(PREFIX)/lib/postwatch/plugins"' -DPW_SYSCONF_DIR='"$(SYSCONF)/postwatch"'

object    = $(patsubst %.c,$(B)/%.o,$(1))
CORE     := $(call object,$(filter-out core/main.c,$(wildcard core/*/*.c)))
PLUGINS  := $(sort $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*.c))))

# starttls and banner hold the same dialogue as smtp.
sources_banner   := $(addprefix plugins/smtp/,dialogue.c software.c reply_text.c)
sources_starttls := $(sources_banner) plugins/smtp/ehlo.c
sources_email    := $(wildcard plugins/email/gate/*.c) plugins/mask.c
sources_webhook  := plugins/mask.c
libs_email       := -lesmtp -lseccomp -lgsasl -lssl -lcrypto
libs_webhook     := -lcurl -ljansson -lcrypto

.PHONY: all run install deps clean
.DELETE_ON_ERROR .SECONDARY:
all: $(B)/postwatch $(B)/screen.so $(PLUGINS:%=$(B)/plugins/%.so)

# The core as one archive: of it a test program takes the modules that it uses.
$(B)/core.a: $(CORE)
	@echo "  AR   $@"; rm -f $@
	$(Q)$(AR) rcs $@ $^

# $(1): flags; objects go before the archive, whatever order the prerequisites are named in.
define link
	@mkdir -p $(@D); echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(1) -o $@
endef
define compile
	@mkdir -p $(@D); echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(1) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@
endef

$(B)/postwatch: $(call object,core/main.c) $(B)/core.a
	$(call link,-pie $(LIBS))
# Loaded by `status --watch` alone, since ncurses would cost every command time.
$(B)/screen.so: $(call object,$(wildcard core/command/screen/*.c))
	$(call link,-shared $(if $(SAN),,-Wl,-z$(comma)defs) -lncursesw -ltinfo)
	$(Q)chmod go-w $(@D) $@

# No plugin is used that a group may write to, and a user of Debian has a umask of 002.
define plugin
$(B)/plugins/$(1).so: $(call object,$(wildcard plugins/$(1)/*.c) $(sources_$(1)))
	$$(call link,-shared $$(if $$(SAN),,-Wl,-z,defs) $$(libs_$(1)))
	$$(Q)chmod go-w $$(@D) $$@
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin,$(p))))

$(B)/core/web/assets.o: $(wildcard core/web/assets/*) # by the assembler (.incbin)
of_core = -Icore $(PATHS) $(shell pkg-config --cflags $(PACKAGES))
$(B)/core/%.o: INCLUDES = $(of_core)
$(B)/%.o: %.c
	$(compile)

# What make run needs beyond Debian's base; installed only where missing.
deps_run := gcc libc6-dev make pkg-config libconfig-dev libev-dev libssl-dev libidn2-dev libpcre2-dev libsqlite3-dev \
            libesmtp-dev libgsasl-dev libseccomp-dev libcurl4-openssl-dev libjansson-dev libmicrohttpd-dev libncurses-dev \
            zlib1g-dev libyaml-dev ca-certificates tzdata
deps: ; $(Q)tests/packages $(deps_run)

# What a daemon that root starts becomes: the owner of its state folder $(1), where this user may enter the folder above it.
define make_user
	$(Q)[ "$$(id -u)" != 0 ] || id postwatch >/dev/null 2>&1 || \
		PATH="$$PATH:/usr/sbin:/sbin" useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin postwatch
	$(Q)[ "$$(id -u)" != 0 ] || [ -e $(1) ] || ! setpriv --reuid=postwatch --clear-groups test -x $(abspath $(dir $(1))) || \
		install -d -m 700 -o postwatch -g postwatch $(1)
endef
run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(call make_user,$(B)/state)
	$(B)/postwatch run -S $(B)/state $(WATCH)

# Paths are put into what is installed only here, so PREFIX may differ from that of the build.
CONF     = $(DESTDIR)$(SYSCONF)/postwatch/postwatch.conf
SHARE    = $(DESTDIR)$(PREFIX)/share
PATHS_IN = sed 's|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(VERSION)|;s|/usr/local|$(PREFIX)|;s|/etc/postwatch|$(SYSCONF)/postwatch|'
install: all
	$(if $(DESTDIR),,$(call make_user,/var/lib/postwatch))
	install -D -m 755 $(B)/postwatch $(DESTDIR)$(PREFIX)/bin/postwatch
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/postwatch $(B)/screen.so
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/postwatch/plugins $(PLUGINS:%=$(B)/plugins/%.so)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/postwatch $(wildcard include/postwatch/*)
	for page in $(wildcard core/*.8 conf/*.5 plugins/*/*.5); do \
		install -D -m 644 $$page $(SHARE)/man/man$${page##*.}/$${page##*/} || exit 1; done
	install -D -m 644 core/command/postwatch.bash $(SHARE)/bash-completion/completions/postwatch
	install -d $(SHARE)/pkgconfig $(SHARE)/postwatch $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(PATHS_IN) conf/postwatch.pc.in > $(SHARE)/pkgconfig/postwatch.pc
	for file in nagios.cfg icinga2.conf; do $(PATHS_IN) conf/$$file > $(SHARE)/postwatch/$$file || exit 1; done
	install -m 644 conf/prometheus/postwatch.rules.yml conf/prometheus/prometheus.yml conf/grafana/postwatch.json $(SHARE)/postwatch
	$(PATHS_IN) conf/postwatch.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/postwatch.service
	[ -e $(CONF) ] || install -D -m 644 conf/postwatch.conf $(CONF)

# Files of a chroot, and of the real servers' packages, belong to root.
clean: ; $(Q)$(if $(wildcard build/debian* build/real-servers),$$([ "$$(id -u)" = 0 ] || echo sudo)) rm -rf --one-file-system build

include tests/Makefile
-include $(shell find $(B) \( -path 'build/debian*' -o -path build/real-servers \) -prune -o -name '*.d' -print 2>/dev/null)
