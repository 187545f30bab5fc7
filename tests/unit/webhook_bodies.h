/* Rows of `struct whole`: format, kind, whether it is over, and the bodies of its requests. */
{ FORMAT_SLACK, "down", false, {
	    "{\"text\":\"[down] mx1 &lt;!here&gt; &amp; *no* `greeting` within 60 s\",\"blocks\":[{\"type\":\"header\","
	    "\"text\":{\"type\":\"plain_text\",\"text\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"emoji\":fa"
	    "lse}},{\"type\":\"rich_text\",\"elements\":[{\"type\":\"rich_text_preformatted\",\"elements\":[{\"type\":"
	    "\"text\",\"text\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\"}]}]}]}" } },
{ FORMAT_SLACK, "up", true, {
	    "{\"text\":\"[up] mx1.example.org:25 - was down for 600 s\",\"blocks\":[{\"type\":\"header\",\"text\":{"
	    "\"type\":\"plain_text\",\"text\":\"[up] mx1.example.org:25 - was down for 600 s\",\"emoji\":false}},{"
	    "\"type\":\"rich_text\",\"elements\":[{\"type\":\"rich_text_preformatted\",\"elements\":[{\"type\":\"text\","
	    "\"text\":\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\"}]}]}"
	    "]}" } },
{ FORMAT_TEAMS, "down", false, {
	    "{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/vnd.microsoft.card.adaptive\","
	    "\"content\":{\"type\":\"AdaptiveCard\",\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\","
	    "\"version\":\"1.4\",\"msteams\":{\"width\":\"Full\"},\"body\":[{\"type\":\"RichTextBlock\",\"inlines\":[{"
	    "\"type\":\"TextRun\",\"text\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"weight\":\"Bolder\"}]},"
	    "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"fontType\":"
	    "\"Monospace\",\"size\":\"Small\"}]}]}}]}" } },
{ FORMAT_TEAMS, "up", true, {
	    "{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/vnd.microsoft.card.adaptive\","
	    "\"content\":{\"type\":\"AdaptiveCard\",\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\","
	    "\"version\":\"1.4\",\"msteams\":{\"width\":\"Full\"},\"body\":[{\"type\":\"RichTextBlock\",\"inlines\":[{"
	    "\"type\":\"TextRun\",\"text\":\"[up] mx1.example.org:25 - was down for 600 s\",\"weight\":\"Bolder\"}]},{"
	    "\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"fontType\":"
	    "\"Monospace\",\"size\":\"Small\"}]}]}}]}" } },
{ FORMAT_DISCORD, "down", false, {
	    "{\"allowed_mentions\":{\"parse\":[]},\"embeds\":[{\"title\":"
	    "\"\\\\[down\\\\] mx1 \\\\<!here\\\\> & \\\\*no\\\\* \\\\`greeting\\\\` within 60 s\",\"description\":"
	    "\"```\\nmx1.example.org:25 down: <b>\\\"no\\\"</b> & 'greeting'\\n   0.000 *** refused \\\\o/ é\\n\\n```\","
	    "\"color\":12986408}]}" } },
{ FORMAT_DISCORD, "up", true, {
	    "{\"allowed_mentions\":{\"parse\":[]},\"embeds\":[{\"title\":"
	    "\"\\\\[up\\\\] mx1.example.org:25 - was down for 600 s\",\"description\":"
	    "\"```\\nmx1.example.org:25 down: <b>\\\"no\\\"</b> & 'greeting'\\n   0.000 *** refused \\\\o/ é\\n\\n```\","
	    "\"color\":3046706}]}" } },
{ FORMAT_DISCORD, "degraded", false, {
	    "{\"allowed_mentions\":{\"parse\":[]},\"embeds\":[{\"title\":"
	    "\"\\\\[down\\\\] mx1 \\\\<!here\\\\> & \\\\*no\\\\* \\\\`greeting\\\\` within 60 s\",\"description\":"
	    "\"```\\nmx1.example.org:25 down: <b>\\\"no\\\"</b> & 'greeting'\\n   0.000 *** refused \\\\o/ é\\n\\n```\","
	    "\"color\":12986408}]}" } },
{ FORMAT_NTFY, "down", false, {
	    "{\"topic\":\"topic\",\"title\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"message\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"priority\":"
	    "5,\"tags\":[\"rotating_light\"]}" } },
{ FORMAT_NTFY, "up", true, {
	    "{\"topic\":\"topic\",\"title\":\"[up] mx1.example.org:25 - was down for 600 s\",\"message\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"priority\":"
	    "3,\"tags\":[\"white_check_mark\"]}" } },
{ FORMAT_NTFY, "degraded", false, {
	    "{\"topic\":\"topic\",\"title\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"message\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"priority\":"
	    "5,\"tags\":[\"rotating_light\"]}" } },
{ FORMAT_PAGERDUTY, "down", false, {
	    "{\"routing_key\":\"routing\",\"event_action\":\"trigger\",\"dedup_key\":\"thread\",\"client\":\"postwatch\","
	    "\"payload\":{\"summary\":\"mx1.example.org:25 down\",\"source\":\"mx1.example.org:25\",\"severity\":"
	    "\"critical\",\"timestamp\":\"2025-11-26T09:41:00Z\",\"component\":\"smtp\",\"class\":\"banner_timeout\","
	    "\"custom_details\":{\"body\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"key\":"
	    "\"abcdefghijklmnopqrstuvwxyz\",\"incident\":17}}}" } },
{ FORMAT_PAGERDUTY, "up", true, {
	    "{\"routing_key\":\"routing\",\"event_action\":\"resolve\",\"dedup_key\":\"thread\",\"client\":\"postwatch\","
	    "\"payload\":{\"summary\":\"mx1.example.org:25 down\",\"source\":\"mx1.example.org:25\",\"severity\":\"info\""
	    ",\"timestamp\":\"2025-11-26T09:41:00Z\",\"component\":\"smtp\",\"class\":\"banner_timeout\","
	    "\"custom_details\":{\"body\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"key\":"
	    "\"abcdefghijklmnopqrstuvwxyz\",\"incident\":17}}}" } },
{ FORMAT_PAGERDUTY, "fact", false, {
	    "{\"routing_key\":\"routing\",\"payload\":{\"summary\":\"mx1.example.org:25 down\",\"source\":"
	    "\"mx1.example.org:25\",\"timestamp\":\"2025-11-26T09:41:00Z\",\"custom_details\":{\"body\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"key\":"
	    "\"abcdefghijklmnopqrstuvwxyz\",\"incident\":17}}}" } },
{ FORMAT_PAGERDUTY, "test", false, {
	    "{\"routing_key\":\"routing\",\"event_action\":\"trigger\",\"dedup_key\":\"abcdefghijklmnopqrstuvwxyz\","
	    "\"client\":\"postwatch\",\"payload\":{\"summary\":\"mx1.example.org:25 down\",\"source\":\"watch.test\","
	    "\"severity\":\"critical\",\"timestamp\":\"2025-11-26T09:41:00Z\",\"component\":\"smtp\",\"class\":\"test\","
	    "\"custom_details\":{\"body\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"key\":"
	    "\"abcdefghijklmnopqrstuvwxyz\",\"incident\":17}}}",
	    "{\"routing_key\":\"routing\",\"event_action\":\"resolve\",\"dedup_key\":\"abcdefghijklmnopqrstuvwxyz\","
	    "\"client\":\"postwatch\",\"payload\":{\"summary\":\"mx1.example.org:25 down\",\"source\":\"watch.test\","
	    "\"severity\":\"critical\",\"timestamp\":\"2025-11-26T09:41:00Z\",\"component\":\"smtp\",\"class\":\"test\","
	    "\"custom_details\":{\"body\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"key\":"
	    "\"abcdefghijklmnopqrstuvwxyz\",\"incident\":17}}}" } },
{ FORMAT_ALERTMANAGER, "down", false, {
	    "[{\"labels\":{\"alertname\":\"MailServerDown\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"target\":\"mx1.example.org:25\",\"instance\":\"mx1.example.org:25\",\"probe\":\"smtp\"},\"annotations\":{"
	    "\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"banner_timeout\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":"
	    "\"2025-11-26T09:40:00Z\",\"endsAt\":\"2025-12-03T09:50:01Z\"}]" } },
{ FORMAT_ALERTMANAGER, "up", true, {
	    "[{\"labels\":{\"alertname\":\"MailServerDown\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"target\":\"mx1.example.org:25\",\"instance\":\"mx1.example.org:25\",\"probe\":\"smtp\"},\"annotations\":{"
	    "\"summary\":\"[up] mx1.example.org:25 - was down for 600 s\",\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"banner_timeout\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":"
	    "\"2025-11-26T09:40:00Z\",\"endsAt\":\"2025-11-26T09:50:00Z\"}]" } },
{ FORMAT_ALERTMANAGER, "degraded", false, {
	    "[{\"labels\":{\"alertname\":\"MailServerImpaired\",\"severity\":\"warning\",\"watcher\":\"watch.test\","
	    "\"condition\":\"banner_timeout\",\"target\":\"mx1.example.org:25\",\"instance\":\"mx1.example.org:25\","
	    "\"probe\":\"smtp\"},\"annotations\":{\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\","
	    "\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"banner_timeout\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":"
	    "\"2025-11-26T09:40:00Z\",\"endsAt\":\"2025-12-03T09:50:01Z\"}]" } },
{ FORMAT_ALERTMANAGER, "fact", false, {
	    "[{\"labels\":{\"alertname\":\"MailServerChanged\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"fact\":\"banner_timeout\",\"target\":\"mx1.example.org:25\",\"instance\":\"mx1.example.org:25\",\"probe\":"
	    "\"smtp\"},\"annotations\":{\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\",\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"banner_timeout\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":"
	    "\"2025-11-26T09:40:00Z\",\"endsAt\":\"2025-11-26T10:50:01Z\"}]" } },
{ FORMAT_ALERTMANAGER, "digest", false, {
	    "[{\"labels\":{\"alertname\":\"MailServerDown\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"condition\":\"digest\"},\"annotations\":{\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\","
	    "\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"digest\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":\"2025-11-26T09:40:00Z\""
	    ",\"endsAt\":\"2025-12-03T09:50:01Z\"}]" } },
{ FORMAT_ALERTMANAGER, "test", false, {
	    "[{\"labels\":{\"alertname\":\"PostwatchItself\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"kind\":\"test\"},\"annotations\":{\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\","
	    "\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"test\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":\"2025-11-26T09:40:00Z\","
	    "\"endsAt\":\"2025-11-26T10:50:01Z\"}]",
	    "[{\"labels\":{\"alertname\":\"PostwatchItself\",\"severity\":\"critical\",\"watcher\":\"watch.test\","
	    "\"kind\":\"test\"},\"annotations\":{\"summary\":\"[down] mx1 <!here> & *no* `greeting` within 60 s\","
	    "\"description\":"
	    "\"mx1.example.org:25 down: <b>\\\"no\\\"</b> & `greeting`\\n   0.000 *** refused \\\\o/ é\\n\",\"outcome\":"
	    "\"test\",\"key\":\"abcdefghijklmnopqrstuvwxyz\",\"incident\":\"17\"},\"startsAt\":\"2025-11-26T09:40:00Z\","
	    "\"endsAt\":\"2025-11-26T09:50:01Z\"}]" } },
{ FORMAT_POSTWATCH, "down", false, {
	    "{\"version\":1}" } },
{ FORMAT_HEARTBEAT, "test", false, {
	    "" } },
