# SPDX-License-Identifier: BSD-3-Clause
# Completion for bash: commands, options and fixed values, as the programs' own --help has them.

# The commands that a help text lists, one a line.
_zerorate_commands() {
	local line listed=
	while IFS= read -r line; do
		case $line in
		Commands*) listed=1 ;;
		"") listed= ;;
		esac
		[[ $listed && $line =~ ^\ \ ([a-z]+)\ \  ]] && printf '%s\n' "${BASH_REMATCH[1]}"
	done <<<"$1"
}

# The options that a help text describes, one a line.
_zerorate_options() {
	local line
	while IFS= read -r line; do
		[[ $line =~ ^\ \ -[a-zA-Z-] ]] || continue
		line=${line#  }
		# What comes before the description.
		line=${line%%  *}
		while [[ $line =~ (^|[ ,])(--?[a-zA-Z][a-zA-Z-]*)(.*)$ ]]; do
			printf '%s\n' "${BASH_REMATCH[2]}"
			line=${BASH_REMATCH[3]}
		done
	done <<<"$1"
}

# The fixed values of an option, one a line. Status 1: the option takes none.
_zerorate_values() {
	local line takes=1
	while IFS= read -r line; do
		[[ $line =~ ^\ \ (-[a-zA-Z],\ )?(--?[a-zA-Z][a-zA-Z-]*)\ ([a-zA-Z][a-zA-Z|]*) ]] || continue
		[[ $2 == "${BASH_REMATCH[2]}" || ${BASH_REMATCH[1]} == "$2, " ]] || continue
		takes=0
		[[ ${BASH_REMATCH[3]} == *[A-Z]* ]] || printf '%s\n' "${BASH_REMATCH[3]//|/$'\n'}"
	done <<<"$1"
	return $takes
}

_zerorate() {
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local help word values i
	local -a command=("$1")

	COMPREPLY=()
	# --format=json comes as three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	help=$("${command[@]}" --help 2>/dev/null </dev/null) || return
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $'\n'$(_zerorate_commands "$help")$'\n' == *$'\n'"$word"$'\n'* ]] || break
		command+=("$word")
		help=$("${command[@]}" --help 2>/dev/null </dev/null) || return
	done
	if [[ $before == -* ]] && values=$(_zerorate_values "$help" "$before"); then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_zerorate_options "$help")" -- "$current")
	elif ((i == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_zerorate_commands "$help")" -- "$current")
	fi
}

# Where nothing else is offered, files are.
complete -o default -F _zerorate zerorate zerorated zerorate-consumer
