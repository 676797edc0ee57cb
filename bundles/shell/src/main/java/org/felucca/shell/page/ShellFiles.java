package org.felucca.shell.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Completion files for bash, zsh and fish. They ask the engine what can stand next; without one
 * they fall back on the verbs and options that were known when they were made.
 */
public final class ShellFiles {
  /** The shells that there are files for. */
  public static final List<String> SHELLS = List.of("bash", "zsh", "fish");

  private static final String HEAD =
      "# Completion of felucca for %s; made from the verbs of bundles/shell.\n";

  private static final String BASH =
      """
      # From the engine: a candidate a line, a tab and what it is; ":files" if files fit as well.
      _felucca() {
        local words=() word answer candidate value cut files=
        # bash cuts words at = and :, here they are put together again.
        for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
          if (( ${#words[@]} )) && { [[ $word == [=:]* ]] || [[ ${words[-1]} == *[=:] && $glued ]]; }; then
            words[-1]+=$word
          else
            words+=("$word")
          fi
          local glued=1
        done
        (( ${#words[@]} )) || words=("")
        word=${words[-1]}
        COMPREPLY=()
        if answer=$("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null); then :; else
          unset 'words[-1]'
          answer=$(_felucca_known "${words[@]}")
        fi
        cut=
        [[ $word == *[=:]* ]] && cut=${word%"${word##*[=:]}"}
        while IFS= read -r candidate; do
          value=${candidate%%$'\\t'*}
          if [[ $value == :files ]]; then
            files=1
          elif [[ -n $value && $value == "$word"* ]]; then
            COMPREPLY+=("${value#"$cut"}")
          fi
        done <<<"$answer"
        if [[ $files ]]; then
          compopt -o filenames 2>/dev/null
          while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "${word#"$cut"}")
        fi
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null
        return 0
      }

      # What was known when this file was made, for words without the last one.
      """;

  private static final String ZSH =
      """
      # From the engine: a candidate a line, a tab and what it is; ":files" if files fit as well.
      _felucca() {
        local -a told open
        local answer line value about files= word
        local -a typed
        typed=("${(@Q)words[2,CURRENT]}")
        if ! answer=$("${words[1]}" __complete -- "${typed[@]}" 2>/dev/null); then
          answer=$(_felucca_known "${(@)typed[1,-2]}")
        fi
        for line in "${(@f)answer}"; do
          value=${line%%$'\\t'*}
          about=
          [[ $line == *$'\\t'* ]] && about=${line#*$'\\t'}
          if [[ $value == :files ]]; then
            files=1
          elif [[ $value == *= || $value == *: ]]; then
            open+=("${value//:/\\\\:}${about:+:$about}")
          elif [[ -n $value ]]; then
            told+=("${value//:/\\\\:}${about:+:$about}")
          fi
        done
        _describe -t words felucca told
        (( ${#open} )) && _describe -t words felucca open -S ''
        if [[ -n $files ]]; then
          [[ $words[CURRENT] == --*=* ]] && compset -P '*='
          _files
        fi
      }

      """;

  private final Map<String, List<String>> next = new LinkedHashMap<>();
  private final List<String> groups;

  /**
   * @param groups the groups of verbs
   */
  public ShellFiles(List<VerbPage> verbs, List<String> groups) {
    this.groups = List.copyOf(groups);
    next.put("", new ArrayList<>());
    groups.forEach(group -> next.put(group, new ArrayList<>()));
    for (VerbPage verb : verbs) {
      int space = verb.path().lastIndexOf(' ');
      String before = space < 0 ? "" : verb.path().substring(0, space);
      if (!verb.hidden()) {
        next.getOrDefault(before, List.of()).add(verb.path().substring(space + 1));
      }
      next.put(
          verb.path(),
          verb.spec().options().stream()
              .filter(option -> !option.hidden())
              .map(OptionSpec::longestName)
              .sorted()
              .toList());
    }
    groups.forEach(group -> next.getOrDefault("", List.of()).add(group));
  }

  /**
   * The file of a shell.
   *
   * @throws EngineException INVALID_ARGUMENT for a shell that there is none for
   */
  public String of(String shell) {
    return switch (shell) {
      case "bash" ->
          HEAD.formatted("bash, 4.4 or later")
              + "\n"
              + BASH
              + known()
              + "\ncomplete -F _felucca felucca\n";
      case "zsh" ->
          "#compdef felucca\n"
              + HEAD.formatted("zsh")
              + "\n"
              + ZSH
              + known()
              + "\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _felucca \"$@\"\nelse\n  compdef _felucca felucca\nfi\n";
      case "fish" -> HEAD.formatted("fish") + "\n" + fish();
      default ->
          throw EngineException.invalid(
              "there is no completion for the shell %s; there is for %s"
                  .formatted(Identifiers.quote(shell), String.join(", ", SHELLS)));
    };
  }

  /** Where a shell looks for its file, below {@code share/}. */
  public static String place(String shell) {
    return switch (shell) {
      case "bash" -> "bash-completion/completions/felucca";
      case "zsh" -> "zsh/site-functions/_felucca";
      case "fish" -> "fish/vendor_completions.d/felucca.fish";
      default -> throw new IllegalArgumentException(shell);
    };
  }

  private String known() {
    String cases =
        next.entrySet().stream()
            .map(
                entry ->
                    "    %s) printf '%%s\\n' %s ;;\n"
                        .formatted(quoted(entry.getKey()), String.join(" ", entry.getValue())))
            .collect(Collectors.joining());
    return """
      _felucca_known() {
        local path= word
        for word in "$@"; do
          case $word in
            -*) ;;
            *) path="${path:+$path }$word"
               case $path in %s) ;; *) break ;; esac ;;
          esac
        done
        case $path in
      %s  esac
      }
      """
        .formatted(String.join(" | ", groups), cases);
  }

  private String fish() {
    String cases =
        next.entrySet().stream()
            .map(
                entry ->
                    "    case %s\n      printf '%%s\\n' %s\n"
                        .formatted(quoted(entry.getKey()), String.join(" ", entry.getValue())))
            .collect(Collectors.joining());
    return """
      # From the engine: a candidate a line, a tab and what it is; ":files" if files fit as well.
      function __felucca_complete
        set -l words (commandline -opc) (commandline -ct)
        set -l answer ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if test $status -ne 0
          set answer (__felucca_known $words[2..-2])
        end
        for line in $answer
          if test "$line" = :files
            __fish_complete_path (commandline -ct)
          else
            echo $line
          end
        end
      end

      function __felucca_known
        set -l path
        for word in $argv
          string match -q -- '-*' $word; and continue
          set -a path $word
          contains -- "$path" %s; or break
        end
        switch "$path"
      %s  end
      end

      complete -c felucca -f -a '(__felucca_complete)'
      """
        .formatted(String.join(" ", groups), cases);
  }

  private static String quoted(String path) {
    return "'" + path + "'";
  }
}
