//! The completion scripts. Each asks the program for candidates, so that a script never becomes outdated.

use crate::context::Name;

/// The shells.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The script runs the program by its name from `PATH`, not the path on the command line: pressing Tab must not run a program in
/// the current folder. `%NAME%` is replaced by the name.
const BASH: &str = r#"# Completion for bash; made by `%NAME% completion bash`.
_%NAME%() {
    COMPREPLY=()
    local line
    while IFS= read -r line; do
        if [[ $line == $'\t'files ]]; then
            compopt -o default 2>/dev/null
            return
        fi
        COMPREPLY+=("$line")
    done < <(command %NAME% __complete bash "$2" "${COMP_LINE:0:COMP_POINT}" </dev/null 2>/dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[.=\(] ]]; then
        compopt -o nospace 2>/dev/null
        # Bash closes the quote behind a single word, unless more could follow.
        if [[ ${COMP_WORDS[COMP_CWORD]} == [\'\"]* ]]; then
            COMPREPLY+=("${COMPREPLY[0]}...")
        fi
    fi
}
complete -F _%NAME% %NAME%
"#;

const ZSH: &str = r#"#compdef %NAME%
# Completion for zsh; made by `%NAME% completion zsh`.
_%NAME%() {
    local -a before whole whole_shown open open_shown
    local line word about
    before=("${(@Q)words[2,CURRENT-1]}")
    (( CURRENT > 2 )) || before=()
    for line in "${(@f)$(command %NAME% __complete zsh "${before[@]}" "${(Q)PREFIX}" </dev/null 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        if [[ $line == $'\t'files ]]; then
            _files
            return
        fi
        word=${line%%$'\t'*}
        about=${line#*$'\t'}
        [[ -z $about ]] || about="  -- $about"
        if [[ $word == *[.=\(] ]]; then
            open+=("$word")
            open_shown+=("$word$about")
        else
            whole+=("$word")
            whole_shown+=("$word$about")
        fi
    done
    (( $#whole )) && compadd -l -d whole_shown -a -- whole
    (( $#open )) && compadd -S '' -l -d open_shown -a -- open
    (( $#whole + $#open ))
}
if [[ $funcstack[1] == _%NAME% ]]; then
    _%NAME% "$@"
else
    compdef _%NAME% %NAME%
fi
"#;

const FISH: &str = r#"# Completion for fish; made by `%NAME% completion fish`.
function __%NAME%_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct | string unescape)
    set -e before[1]
    set -l found (command %NAME% __complete fish $before "$current" </dev/null 2>/dev/null)
    if test (count $found) -eq 1
        # Behind a single word fish puts a blank, and closes its quote, also where it ends in a bracket: then what goes inside.
        set -l open (string replace -r '\t.*' '' -- "$found[1]")
        if string match -q '*(' -- "$open"
            set -l inside (command %NAME% __complete fish $before "$open" </dev/null 2>/dev/null)
            if test (count $inside) -gt 0
                set found $inside
            end
        end
    end
    if test (count $found) -eq 0
        return
    end
    if test "$found[1]" = \tfiles
        __fish_complete_path "$current"
    else
        printf '%s\n' $found
    end
end
complete -c %NAME% -f -a '(__%NAME%_complete)'
"#;

/// The script for a shell, for the name that the program was called by.
pub(crate) fn script(shell: Shell, name: Name) -> String {
    let script = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    };
    script.replace("%NAME%", name.text())
}
