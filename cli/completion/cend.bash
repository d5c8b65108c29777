# Completion of cend for bash: source <(cend completion bash)
_cend() {
  local line files= current=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; else COMPREPLY+=("${line%%$'\t'*}"); fi
  done < <("$1" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
  # Bash takes a word apart at its "=", and completes what comes after it.
  [[ $current == = ]] && current=
  if ((${#COMPREPLY[@]} > 0)); then
    # A value with spaces is one word.
    ((${#COMPREPLY[@]} > 1)) || COMPREPLY=("$(printf %q "${COMPREPLY[0]}")")
  elif [[ -n $files ]]; then
    compopt -o filenames 2> /dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
  fi
}
complete -F _cend cend comfy-endpoints
