package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Version 2 of the task service is spoken with the messages of version 3: they must be the same.
 */
class TaskVersionsTest {
  private static final FileDescriptor V3 =
      org.felucca.shim.wire.task.StateRequest.getDescriptor().getFile();
  private static final FileDescriptor V2 =
      org.felucca.shim.wire.v2.StateRequest.getDescriptor().getFile();

  @Test
  void messages_same() {
    assertEquals(V2.getMessageTypes().size(), V3.getMessageTypes().size());
    for (Descriptor old : V2.getMessageTypes()) {
      Descriptor current = V3.findMessageTypeByName(old.getName());
      assertNotNull(current, old.getName());
      assertEquals(fields(old), fields(current), old.getName());
    }
  }

  private static Map<Integer, String> fields(Descriptor message) {
    return message.getFields().stream()
        .collect(
            Collectors.toMap(
                FieldDescriptor::getNumber,
                f -> f.getName() + " " + f.getType() + " " + f.isRepeated() + " " + typeOf(f)));
  }

  private static String typeOf(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName().replace(".task.v2.", ".task.v3.");
      case ENUM -> field.getEnumType().getFullName();
      default -> "";
    };
  }

  @Test
  void methods_same() {
    assertEquals(methods(V2), methods(V3));
    assertEquals(17, methods(V3).size());
  }

  private static Map<String, String> methods(FileDescriptor file) {
    return file.getServices().getFirst().getMethods().stream()
        .collect(
            Collectors.toMap(
                MethodDescriptor::getName,
                m -> m.getInputType().getName() + " -> " + m.getOutputType().getName()));
  }
}
