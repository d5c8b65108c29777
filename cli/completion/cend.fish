# Completion of cend for fish: cend completion fish | source
function __cend_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
        else
            echo $line
        end
    end
end
for name in cend comfy-endpoints
    complete -c $name -f -a '(__cend_complete)'
end
