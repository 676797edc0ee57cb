package org.felucca.linux;

import java.util.ArrayList;
import java.util.List;

/**
 * The layers in an overlay mount's options.
 *
 * @param lowers the folders of {@code lowerdir=}, topmost first, unescaped
 * @param dataOnly those behind {@code ::}, which hold only the data of others
 * @param others all other options, as they came
 */
record OverlayOptions(List<String> lowers, List<String> dataOnly, List<String> others) {
  private static final String LOWERDIR = "lowerdir=";

  static OverlayOptions parse(List<String> data) {
    List<String> lowers = new ArrayList<>();
    List<String> dataOnly = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (String option : data) {
      if (option.startsWith(LOWERDIR)) {
        lowers.clear();
        dataOnly.clear();
        split(option.substring(LOWERDIR.length()), lowers, dataOnly);
      } else {
        others.add(option);
      }
    }
    return new OverlayOptions(lowers, dataOnly, others);
  }

  /** Splits at colons; a backslash takes the next character's meaning away. */
  private static void split(String value, List<String> lowers, List<String> dataOnly) {
    StringBuilder path = new StringBuilder();
    List<String> into = lowers;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\' && i + 1 < value.length()) {
        path.append(value.charAt(++i));
      } else if (c == ':') {
        into.add(path.toString());
        path.setLength(0);
        if (i + 1 < value.length() && value.charAt(i + 1) == ':') {
          into = dataOnly;
          i++;
        }
      } else {
        path.append(c);
      }
    }
    into.add(path.toString());
  }

  /** The value of an option such as {@code upperdir}, unescaped, or null. */
  @org.jspecify.annotations.Nullable
  String value(String key) {
    String found = null;
    for (String option : others) {
      if (option.startsWith(key + "=")) {
        found = option.substring(key.length() + 1).replaceAll("\\\\(.)", "$1");
      }
    }
    return found;
  }

  /** The options anew with every layer relative to {@code folder}, which ends in a slash. */
  List<String> relativeTo(String folder) {
    StringBuilder lowerdir = new StringBuilder(LOWERDIR);
    String separator = "";
    for (String lower : lowers) {
      lowerdir.append(separator).append(escape(relative(lower, folder)));
      separator = ":";
    }
    for (String data : dataOnly) {
      lowerdir.append("::").append(escape(relative(data, folder)));
    }
    List<String> data = new ArrayList<>();
    for (String option : others) {
      int equals = option.indexOf('=');
      String key = equals < 0 ? option : option.substring(0, equals);
      if (key.equals("upperdir") || key.equals("workdir")) {
        String value = option.substring(equals + 1);
        data.add(key + "=" + relative(value, folder));
      } else {
        data.add(option);
      }
    }
    data.add(lowerdir.toString());
    return data;
  }

  /** The deepest folder, with a slash at its end, that holds all lowers. */
  String commonFolder() {
    String common = lowers.isEmpty() ? "/" : lowers.getFirst();
    for (List<String> layers : List.of(lowers, dataOnly)) {
      for (String layer : layers) {
        int length = Math.min(common.length(), layer.length());
        int same = 0;
        while (same < length && common.charAt(same) == layer.charAt(same)) {
          same++;
        }
        common = common.substring(0, same);
      }
    }
    return common.substring(0, common.lastIndexOf('/') + 1);
  }

  private static String relative(String path, String folder) {
    return path.length() > folder.length() && path.startsWith(folder)
        ? path.substring(folder.length())
        : path;
  }

  private static String escape(String path) {
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,");
  }
}
