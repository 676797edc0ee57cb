package org.felucca.shell.verb;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.shell.session.Call;

/** Small files that options name, read where the client was started. */
final class TextFiles {
  private static final int MOST = 1 << 20;

  private TextFiles() {}

  /**
   * The content of a file.
   *
   * @throws EngineException INVALID_ARGUMENT, and which option, if it can't be read
   */
  static String read(Call call, String option, String name) {
    Path path = call.path(name);
    if (!Files.isRegularFile(path)) {
      throw EngineException.invalid(
          Files.exists(path)
              ? "%s %s is not a regular file".formatted(option, path)
              : "%s %s does not exist; make it first".formatted(option, path));
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(MOST + 1);
      if (bytes.length > MOST) {
        throw EngineException.invalid("%s %s has more than %d bytes".formatted(option, path, MOST));
      }
      return StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw EngineException.invalid("%s %s is not a text in UTF-8".formatted(option, path));
    } catch (NoSuchFileException e) {
      throw EngineException.invalid("%s %s does not exist; make it first".formatted(option, path));
    } catch (IOException e) {
      throw EngineException.invalid(
          "%s %s can't be read: %s".formatted(option, path, e.getMessage()));
    }
  }

  /**
   * The entries {@code NAME[=VALUE]} of a file, one a line as they stand; empty lines and those
   * that begin with # say nothing.
   */
  static List<String> entries(Call call, String option, String name) {
    List<String> entries = new ArrayList<>();
    int number = 0;
    for (String line : read(call, option, name).lines().toList()) {
      number++;
      String text = line.stripLeading();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      int equals = text.indexOf('=');
      String key = equals < 0 ? text : text.substring(0, equals);
      if (key.isEmpty() || key.chars().anyMatch(Character::isWhitespace)) {
        throw EngineException.invalid(
            "%s %s, line %d: %s is no name; write NAME=VALUE"
                .formatted(option, name, number, Identifiers.quote(key)));
      }
      entries.add(text);
    }
    return entries;
  }
}
