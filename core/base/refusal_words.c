/*
 * The phrases by which servers' refusals are classified (refusal_words.h). A row is as wide as it
 * can be without matching what a server says of its own trouble.
 */
#include "base/refusal_words.h"

#include <stddef.h>

#define BE "is|are|was|were|has|have|been|be"
#define LISTED \
	"blocked|blacklisted|black-listed|blocklisted|block-listed|denylisted|banned|barred|listed|greylisted|graylisted"
#define REFUSED LISTED "|denied|rejected|refused|forbidden|prohibited|disallowed|suspended"
#define WELCOME "permitted|allowed|authorized|authorised|accepted|welcome|trusted|whitelisted|approved"
#define LISTS \
	"blacklist|black-list|blocklist|block-list|denylist|deny-list|badlist|dnsbl|dnsbls|dnsrbl|rbl|rbls|xbl|sbl|pbl"
#define PEER "ip|ips|ip-address|address|addresses|adress|host|hosts|hostname|server|servers|mailserver|mta|network|" \
	"networks|subnet|netblock|range|access|client|machine|site|relay|remotehost"
#define OWN_PEER "ip|ips|address|addresses|host|hostname|server|servers|mta|relay"
#define HELO "helo|ehlo"
#define RU_YOUR "ваш|ваша|вашего|вашей|вашему|вашим"
#define RU_PEER "ip|ip-адрес|ip-адреса|адрес|адреса|хост|хоста|сервер|сервера|узел|узла"
#define RU_LISTED "заблокирован|заблокирована|заблокировано|внесен|внесён"
#define RU_REFUSED RU_LISTED "|запрещен|запрещён|запрещено|запрещена|отклонен|отклонён|отклонено"
#define ZH_REFUSED "拒绝|拒絕|禁止|封禁|封锁|封鎖|屏蔽|限制连接|限制連接"
#define ZH_LISTS "黑名单|黑名單|灰名单|灰名單"
#define JA_REFUSED "拒否|ブロック|許可されて"
#define JA_LISTS "ブラックリスト|グレーリスト|グレイリスト"
#define OTHER_BACKENDS "базы|базе|база|бд|бэкенд|数据库|資料庫|后端|後端|データベース|バックエンド"
#define BROKEN \
	"failed|failing|failure|deferred|timeout|timed|unavailable|unreachable|error|errors|servfail|refused|down|unresponsive"

#define UNREADABLE "cannot|can't|could|couldn't|not|unavailable|missing|error|failed|failure"
#define BACKEND \
	"mysql|mariadb|postgres|postgresql|redis|ldap|sql|database|backend"
#define DE_READY "erreichbar|verfügbar|verfuegbar|lesbar|abrufbar"
#define ROMANCE_LIST "lista|liste negra|nera|noire|bloqueo|bloqueio|blocage"
#define ROMANCE_READY "disponible|disponibile|disponivel|disponível|accesible|accessible|responde|risponde|repond"

const char *const refusal_about_us[] = {
	"your * " LISTED, "your " PEER " * " REFUSED, "your * " PEER " * " REFUSED, "your " PEER " * not * " WELCOME,
	"your * " PEER " * not " WELCOME, "you are|were not * " WELCOME, "you " BE " * " LISTED,
	"blocked|deferred|rejected|refused|denied using", LISTED "|found|present at|in|on|by|via|from * #list",
	LISTED " at|in|on|by|via * " LISTS, BE " on|in a|an|our|the|my|some|one|several|multiple " LISTS,
	BE " on|in a|an|our|the|my block|black|deny list",
	"ip|ips|address|addresses " BE " on|in * list|lists|" LISTS "|#list",
	"ip|ips|address|addresses " BE " * " LISTED,
	"ip|address temporarily|currently|permanently|locally|already " LISTED, "ip|ips|address|addresses " LISTED,
	"ip|ips|address|addresses * not * whitelist|allowlist|" WELCOME, "#ip " BE " * " LISTED,
	"#ip " BE " * not * " WELCOME, "#ip not " WELCOME, "#ip " LISTED, "#ip on|in * list|" LISTS, "#ip found on|in",
	"#us " BE " * " REFUSED, "#us " REFUSED, "banned|bad|bogus sender|sending|client|source ip|address|host|#ip",
	"sender|sending|client|source|remote ip|address * " REFUSED, "client|clients " PEER "|#ip * " LISTED,
	"not accept|accepting|take|taking * from your|#us|dynamic|residential", "not be accepted from your|#ip|dynamic",
	"again later from #ip", "your * denied|rejected|refused|blocked by * reputation", "too many|much * spam|spams from your|#ip|#us",
	"you're on|in a|an|our|the|my * list|lists", "you are on|in a|an|our|the|my * list|lists",
	"you are|were not on|in a|an|our|the|my * list|lists",
	"sender|host|ip|you|client|#ip failed " LISTS " check|checks",
	"sender|host|ip|you|client|#ip failed a|an|the|our " LISTS " check|checks",
	/* German, French, Spanish, Portuguese, Italian */
	"ip|ip-adresse|adresse|rechner * gesperrt|blockiert|geblockt|gelistet|abgelehnt",
	"ip|adresse * bloquee|bloqu\xc3\xa9" "e|refusee|refus\xc3\xa9" "e|interdite|listee|list\xc3\xa9" "e",
	"ip * bloqueada|bloqueado|rechazada|rejeitado|listada|listado|bloccato|rifiutato|bloccata|rifiutata",
	"liste noire", "lista negra|nera", "schwarzen|schwarze liste", "sperrliste",
	/* As Coremail says it, and NetEase by its codes
	 * (https://help.163.com/09/1224/17/5RAJ4LMH00753VB8.html) */
	"black ip", "rbl deny", "ip is hangup|rejected", "openrelay|smtpport check",
	"hl:rep|hl:mep|hl:ihu|hl:ipb|wm:bli|wm:blu|dt:rbl|dt:spm|mi:spb",
	/* Russian, Chinese, Japanese */
	RU_YOUR " * " RU_LISTED, RU_YOUR " * " RU_PEER " * " RU_REFUSED, "ip|ip-адрес|ip-адреса|#us * " RU_REFUSED,
	"адрес #ip * " RU_LISTED, RU_REFUSED " * ip|ip-адрес|#us",
	RU_YOUR "|ip|ip-адрес|адрес|#ip * черном|чёрном|сером списке",
	"ip|您的|你的|#ip * " ZH_LISTS, "ip|#us * 被|遭 * " ZH_REFUSED,
	"ip|接続元|送信元|お客様|あなた|#ip * " JA_LISTS, "接続元|送信元|#us * " JA_REFUSED,
	NULL,
};

const char *const refusal_about_reverse[] = {
	"#ip|#us has|have no|not * rdns|ptr|reverse", "no|missing|without * reverse|ptr|rdns * for #ip|#us",
	"bad|missing|invalid|inconsistent|generic * ptr|rdns|reverse",
	"hosts|clients|ips|addresses|servers without|lacking * reverse|rdns|ptr",
	NULL,
};

const char *const refusal_about_name[] = {
	"your " HELO, "your * " HELO, "badhelo", "command argument|arguments",
	"bad|forged|fake|faked|spoofed|bogus|suspicious|numeric * " HELO,
	HELO " name|names|argument|arguments|greeting|hostname|string|domain * invalid|forged|spoofed|mismatch|bogus",
	"helohost", "mi:nhd",
	"неверное|неверный|неправильное|неправильный|некорректное|некорректный|недопустимое|недопустимый * " HELO,
	NULL,
};

const char *const refusal_wants_certificate[] = {
	"client certificate|certificates|cert", "client ssl|tls|x.509 certificate|cert",
	"no|without * certificate * presented|provided|supplied|given|sent|received|found",
	"certificate|cert required|requested|needed|expected|mandatory",
	"certificate|cert " BE " required|requested|needed|expected|mandatory",
	"require|requires|required|need|needs|needed|present|provide|supply * certificate|cert",
	NULL,
};

const char *const refusal_names_certificate[] = { "certificate|certificates|cert", NULL };

const char *const refusal_rate[] = {
	"too many * connections|connection|connects|sessions|session|messages|mails|emails|requests|attempts|errors",
	"too many * simultaneous|concurrent|parallel|handshakes|negotiations",
	"connection|connections|connect|client|message|messages|mail|submission|session|sessions|sending|delivery "
	"rate|rates", "connection|connections|connect|session|ip|sending|mail frequency",
	"rate|frequency limit|limits|limited|limiting|limitation|control|exceeded|restricted",
	"rate-limit|rate-limits|rate-limited|rate-limiting|ratelimit|ratelimited|ratelimiting",
	"unusual|excessive rate", "too much mail|email|traffic", "throttle|throttled|throttling|throttles",
	"connection|connections|session|sessions|concurrency * limit|limits|quota|exceed|exceeds|exceeded",
	"limit|limits for|of|on * requests|messages|sessions",
	"limit|limits|maximum|max * connections|sessions|concurrent|concurrency",
	"number of * connections|sessions|messages",
	"concurrent|simultaneous|parallel * connections|connection|sessions|session", "slow down", "slower",
	"too many clients connected|connecting|online", "quota of|for * connections|sessions", "connection|session count",
	"hourly|daily limit|limits|quota exceeded|reached",
	"too fast|frequent|frequently|often|quickly", "limits for how many", "unexpected|excessive volume|traffic",
	/* German, French, Spanish, Portuguese, Italian */
	"zu viele * verbindungen|sitzungen|nachrichten|anfragen", "trop * connexions|sessions|messages|requetes",
	"demasiadas|demasiados|muchas * conexiones|sesiones|mensajes", "muitas|demais * conexoes|conex\xc3\xb5" "es|sessoes",
	"troppe|troppi * connessioni|sessioni|messaggi",
	/* NetEase's codes, see above */
	"hl:icc|hl:ifc|hl:ifq|hl:itc|mi:ccl|mi:cel|mi:dmc|mi:sfq|mi:stc|rp:ccl|rp:cel|rp:drc|rp:qrc|rp:trc",
	/* Russian, Chinese, Japanese */
	"слишком много|частые|часто * соединений|подключений|сессий|сообщений|писем|запросов|соединения|подключения",
	"превышен|превышена|превышено|превышение * соединений|подключений|сессий|сообщений|писем|запросов|частота|частоты",
	"连接数|連接數|連線數|并发|並發|频率|頻率 * 过多|過多|过大|過大|过高|過高|超过|超過|超出|超限|上限|限制",
	"太多|过多|過多 * 连接|連接|連線|会话", "过于频繁|過於頻繁|过快|過快",
	"接続|接続数|同時接続|セッション|流量|送信 * 多すぎ|上限|制限", "多すぎ",
	NULL,
};

const char *const refusal_trouble[] = {
	/* A command that is not known */
	"unknown|unrecognized|unrecognised|unimplemented|unsupported|invalid|bad|illegal|undefined command|commands|"
	"verb", "unknown|unrecognized|unrecognised|invalid|bad smtp|esmtp command",
	"command not|unknown|unrecognized|unrecognised|invalid|unimplemented|unsupported|error|expected",
	"not recognized|recognised|implemented|supported|understood|known|available",
	"bad|wrong|invalid|out * sequence|state", "syntax|unrecognized|unrecognised", "protocol error|violation",
	/* Trouble by its name */
	"local|internal|system|server|software|configuration|config|temporary|lookup|resolver|technical|processing|"
	"transient|unexpected * error|errors|failure|failures|problem|problems|fault",
	"dns|rbl|dnsbl|query|name|ptr|rdns|lookup|reverse|resolver|resolution failed|failure|failing|timeout|error|"
	"unreachable", "timeout|timeouts|timed-out|time-out", "timed|time out", "no|without response|answer|reply",
	"not responding|answering", "out of memory|space|disk|resources|order|service|descriptors|swap",
	"no space|disk|memory|system|resources", "insufficient|sufficient * storage|space|memory|resources|disk",
	"too many * files|processes|users|clients|threads", "under|in|for|scheduled maintenance",
	"update|updates|upgrade|rebuild|reload in progress",
	"maintenance|outage|failover|migration|rebooting|reboot|restart|restarting|shutdown|reloading|overload|"
	"overloaded|offline|unreachable|upgrading|busy|exhausted|corrupt|corrupted|corruption|crash|crashed|broken|"
	"hung|exception|panic|bug",
	"is|are|was|currently|temporarily|host|server|system|service|services|going|goes|gone|shut|shuts|shutting|"
	"went down", "not active|ready|operational|running|configured|initialized|initialised", "not accepting network",
	"service|services|server|system|temporarily|currently|resources * unavailable",
	"service|services not * available", "connection * lost|timed|aborted|closed|failed",
	"misconfigured|misconfiguration|configuration|config", "in|for * map|maps|table|file|files",
	"disk|disks|diskspace|storage|filesystem|spool|queue|queues|memory|swap|cpu|load|license|licence|quota",
	/* What it cannot do */
	"cannot|can't|couldn't|could|unable|failed|fails|failing|error * connect|connecting|contact|contacting|reach|"
	"open|opening|read|reading|write|writing|allocate|fork|lock|create|load|loading|start|starting|query|querying|"
	"lookup", "cannot|can't|couldn't|could|unable|failed * look up",
	"cannot|can't|could|couldn't be|not|have opened|loaded|read|parsed|updated|written|reached",
	"cannot|could not be opened|loaded|read|parsed|updated|written|reached",
	/* Whose trouble it is */
	"database|databases|db|mysql|mysqld|mysqladmin|mariadb|postgres|postgresql|pgsql|sql|sqlite|redis|memcached|"
	"ldap|ldaps|radius|milter|milters|backend|backends|back-end|daemon|socket|cluster|rspamd|spamd|clamd|amavis|"
	"flush-hosts",
	LISTS "|greylist|greylisting|greylistd|postgrey|policy|reputation server|service|services|daemon|plugin|"
	"process|cache|table|file|lookup|query|check|checks",
	"lookup|lookups|query|queries|check of|for|against|in|to|on * " LISTS " * failed|failing|failure|unavailable|error",
	"lookup|resolver|resolution service|services * failed|failing|failure|down|unavailable|error",
	"lookup|lookups|query|queries|check|checks of|for|against|in|to|on|at * #list|#known_list " BROKEN,
	"lookup|lookups|query|queries|check|checks * #ip * " BROKEN,
	"cannot|can't|couldn't|could|unable|failed|failing|error|while * resolve|resolving|check|checking|query|querying|ask|"
	"asking|reach|reaching|lookup|looking|contact|contacting * #list|#known_list|" LISTS,
	LISTS "|#list|#known_list did|does|do|is|are|was|could|cannot|can|has|have * " BROKEN "|answer|respond|reply|queried|reached",
	"transfer|download|refresh|import * " LISTS " * failed|failing|failure|incomplete",
	"our|my own", "under attack|ddos|load", "ddos", "ip|ips|address|addresses has|have changed|moved", "moved to",
	"servfail", OTHER_BACKENDS,
	/* Russian, Chinese, Japanese */
	"внутренняя|системная|техническая|временная|локальная ошибка", "сбой|неисправность|таймаут|перегрузка",
	"ошибка * проверки|поиска|запроса|чтения|обращении|обращения|соединения|подключения|сервера",
	"недоступен|недоступна|недоступно|недоступны|перегружен|перегружена|перегружены", "на обслуживании",
	"系统|系統|服务|服務|伺服器 * 繁忙|错误|錯誤|故障|异常|異常|维护|維護|超时|逾時|不可用|过载|過載",
	"查询|查詢|解析|连接|連接 * 失败|失敗|超时|逾時|错误|錯誤", "内部错误|內部錯誤",
	"メンテナンス|障害|タイムアウト|失敗|過負荷|内部エラー|システムエラー", "接続|利用 * できません",
	NULL,
};

const char *const refusal_backend[] = {
	"database|databases|db|mysql|mysqld|mariadb|postgres|postgresql|pgsql|sql|redis|memcached|ldap|radius|milter|"
	"backend|backends|back-end|backup|backups|resolver|resolvers", OTHER_BACKENDS,
	"disk|disks|diskspace|storage|filesystem|spool|inode|inodes", "corrupt|corrupted|corruption|crash|crashed|locked",
	NULL,
};

const char *const refusal_resolver[] = {
	"resolver|resolvers|nameserver|nameservers|dns|resolution|lookup|lookups is|are|was|were|has|have|currently * " BROKEN,
	"resolver|resolvers|nameserver|nameservers|dns|unbound down|unavailable|unreachable|unresponsive|failing|failure",
	"dns|name server|servers|service|resolver|resolvers * " BROKEN,
	"cannot|can't|couldn't|unable|could not * ask|query|reach|contact * resolver|nameserver|dns",
	"without|no * resolver|nameserver",
	NULL,
};

const char *const refusal_of_query[] = {
	"open|public resolver", "excessive number of queries",
	NULL,
};

const char *const refusal_is_error[] = { "error", NULL };

/* In the passive voice alone: "our servers have blocked your IP" is about us. */
const char *const refusal_of_itself[] = {
	"reverse proxy|proxies|proxying", "ptr|rdns cache|table",
	"ip|ips|address|addresses " LISTED " list|lists|table|tables|file|map|database",
	LISTED " in|at|by map|maps|table|tables|hash|file|files * " UNREADABLE,
	"bad|invalid|null|dangling ptr|pointer in|at|to * table|list|map|hash|heap|queue|buffer|memory",
	"blocked because of many connection errors", "access denied for user",
	"not " WELCOME " to connect to this|the|our " BACKEND,
	"connection|connections|connect|connecting|connected to #ip * " REFUSED,
	/* A list that cannot be asked: German, French, Spanish, Portuguese, Italian */
	"sperrliste|sperrlisten nicht * " DE_READY, "schwarze|schwarzen liste nicht * " DE_READY,
	"fehler|störung * sperrliste|sperrlisten",
	"fehler|störung * abfrage|prüfung|lesen * sperrliste|sperrlisten",
	"fehler|störung * schwarze|schwarzen liste",
	ROMANCE_LIST " no|non|nao|não|pas|n'est * " ROMANCE_READY,
	ROMANCE_LIST " * indisponible|inaccessible|indisponivel|indisponível|inaccesible|inaccessibile",
	"error|erreur|errore|erro * " ROMANCE_LIST,
	"error|erreur|errore|erro * consultar|consultation|consulta|interroger|interrogation * " ROMANCE_LIST,
	"our|my " OWN_PEER " is|are|was|were * " REFUSED, "our|my " OWN_PEER " has|have been * " REFUSED,
	"we are|were " REFUSED, "we are|were currently|now|temporarily|still " REFUSED,
	NULL,
};

const char *const refusal_mentions_list[] = {
	LISTS,
	"blacklists|blocklists|denylists|blacklisted|blocklisted|denylisted|blacklisting|blocklisting|greylisted|"
	"graylisted", "block|black|deny|grey|gray list|lists|listed|listing", "#known_list", "reputation",
	"spamhaus|spamcop|barracudacentral|sorbs|uceprotect|cloudmark|senderscore|spamrats|abusix",
	"you're on|in * list|lists", "you are on|in * list|lists",
	"bad|poor|low|none|insufficient|negative * reputation", "denied|rejected|refused|blocked by * reputation",
	"unsolicited mail|email|messages|bulk|commercial * from", "source|sending|sends|sent * spam",
	"spam from|source|sender", "too many|much * spam|spams", "user|users|excessive * complaints", "open proxy|relay",
	"greylist|greylisting|graylist|graylisting|grey-listing|gray-listing|grey-list|gray-list|grey-listed|"
	"gray-listed", "your reverse", "your * ptr|rdns|reverse", "find|resolve|determine|verify|identify your|#us",
	"hostname for #ip", "reverse dns|hostname|host|name|lookup|record|records|address|domain|resolution|entry|zone",
	"rdns|fcrdns|ptr|iprev", "tempgrey|greytrapped|triplet|triplets|dnswl",
	"accept|accepts|accepted|accepting|mail|connections from * vpns|vpn|proxies|proxy|tor|dialups|dialup|cloud",
	"tor exit|node|nodes",
	"dynamic|residential|dialup|dial-up|dialup/transient|zombied ip|ips|ip's|address|addresses|host|hosts|range",
	"transient ip", "unsolicited|spammer|spammers|spamming",
	"suspected|suspicious * spam|spammer|ip|sender", "spam ip|ips|host|hosts",
	"blocked|denied|rejected|deferred by|for|due * spam statistics|policy|rules|reasons|activity",
	/* Russian, Chinese, Japanese */
	"черный|чёрный|черном|чёрном|серый|сером список|списке", "черного|чёрного|серого списка",
	"блэклист|блэклисте|грейлистинг", ZH_LISTS, JA_LISTS,
	NULL,
};

const char *const refusal_mentions_us[] = {
	"#us|#name", "client " PEER "|#ip|rejected",
	"sender|sending|source|remote|connecting|peer ip|ips|host|hosts|address|addresses|mta",
	"untrusted|unknown ip|ips", "ip #ip", "ip address|addresses|adress #ip",
	"message|messages|mail|mails|email|emails from #ip|your",
	"connection|connections|access|request|requests from your", "connection|connections|access from #ip * " REFUSED,
	"this ip|client|source|peer|sender", "from this address|host|network|server|domain", "host network", "network not",
	"only * trusted|authorized|authorised|known|whitelisted|registered * hosts|clients|relays|servers|senders|networks|ips",
	"your connection|connections|session * " REFUSED,
	"your " PEER "|mailservers|isp|domain|dns|identity|organization|organisation|country|location|provider|"
	"computer", "your * ip|address|host|server|hostname|domain|isp|provider",
	"banned", "invalid ip", "geoip|geo-ip|geoblock|geo-block|geoblocked|geo-blocked|geolocation|geofence",
	"this|your country|region",
	"not in|from * allowed|permitted countries|country|regions|networks",
	"policy|policies|rule|rules * for|by|on #ip|#us",
	"country|region not * " WELCOME, "country|region * " REFUSED,
	"not in|on * whitelist|allowlist|allow-list|acl|safelist", "not in|on * allow|white|access|permit list",
	"unauthorized|unauthorised ip|ips|address|host|client|connection|access",
	"not " WELCOME " to connect", "not " WELCOME " from",
	RU_REFUSED " * адрес|адреса", "ip|您的|你的 * " ZH_REFUSED, "拒绝|拒絕|禁止|封禁|封锁|封鎖 * ip|#us|您的|你的", "ip|お客様|あなた * " JA_REFUSED,
	NULL,
};

const char *const refusal_mentions_name[] = {
	HELO " command rejected|refused|denied", "in|with|as|this " HELO,
	"invalid|wrong|malformed|unacceptable|missing|empty|improper|incorrect|reject|rejected|rejecting|refused * "
	HELO,
	HELO " name|names|argument|arguments|greeting|hostname|host|string|domain|parameter|identity|fqdn|invalid|"
	"rejected|refused|mismatch|forged|spoofed|fake|must|should|looks|does|doesn't|requires|denied|is|contains|used",
	HELO " * not * match|matching|resolve|valid|allowed|acceptable|exist|qualified",
	"invalid|bad|unresolvable|illegal domain|hostname|host", "invalid|bad|illegal domain|host name",
	"need|needs|require|requires|must|not|no|non|contain * fully-qualified|fqdn|fully",
	"fully-qualified|fqdn|qualified * required|needed|expected",
	NULL,
};

const char *const refusal_is_name[] = { "#name", NULL };

const char *const refusal_is_client[] = { "#name #ip", "client " PEER "|#ip", "#us", NULL };

const char *const refusal_for_good[] = {
	"access denied|refused|prohibited|rejected|forbidden|restricted", "access is restricted|denied|forbidden|prohibited",
	"blocked|blacklisted|banned|unwelcome|unauthorized|denied|spam",
	"not welcome|permitted|allowed|authorized|authorised", "go away", "ip|connection|domain|sender frequency limit|limited",
	"hl:icc|hl:ifc|hl:ifq|hl:itc|mi:stc|mi:sfq",
	"connection|connections refused|denied|rejected|blocked",
	"policy reasons|restrictions|restriction|violation|reject|rejection",
	"local|security|antispam|anti-spam|site|by|our|administrative policy|policies|prohibition",
	NULL,
};

const char *const refusal_addresses_us[] = {
	"you|your|yours|you're|you've|yourself", "#us|#name", "client " PEER "|#ip", "from #ip",
	"per-source|per-client|per-ip|per-host|per-sender",
	"per|this|same|single|each|one client|ip|source|peer|address|sender",
	NULL,
};

const char *const refusal_is_polite[] = {
	"thank|thanks * you|your", "your patience|understanding|cooperation|inconvenience|attention",
	"caused|causing you",
	NULL,
};
