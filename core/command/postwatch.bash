# bash completion for postwatch: the program itself knows its words.
_postwatch()
{
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" complete "$COMP_CWORD" "${COMP_WORDS[@]:1}" 2>/dev/null))
}
complete -o default -F _postwatch postwatch
