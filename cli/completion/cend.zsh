#compdef cend comfy-endpoints
# Completion of cend for zsh: source <(cend completion zsh)
_cend() {
  local line value help files
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    value=${line%%$'\t'*} help=${line#*$'\t'}
    candidates+=("${value//:/\\:}${help:+:$help}")
  done < <("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)
  _describe cend candidates
  if [[ -n $files ]]; then
    compset -P '--*='
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _cend cend comfy-endpoints
