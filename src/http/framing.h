// FramingFields collects what the fields of one HTTP/1 head say about its framing, and decides once
// all of them are known (RFC 9112, 6.3): the order of the fields must not matter.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head_parser.h"
#include "http/message.h"

namespace warmgate::http {

class FramingFields {
 public:
  void note(const Field& field) {
    switch (field.id) {
      case FieldName::connection:
        return note_connection(field.value);
      case FieldName::content_length:
        ++lengths_;
        length_ = field.value;
        return;
      case FieldName::transfer_encoding:
        ++codings_;
        coding_ = field.value;
        return;
      case FieldName::host:
        ++hosts_;
        host_ = field.value;
        return;
      case FieldName::expect:
        return note_expect(field.value);
      case FieldName::upgrade:
        upgrade_field_ = true;
        return;
      default:
        return;
    }
  }

  // Fills the head's framing, keep_alive and the like. False with `error` set when refused.
  bool decide(RequestHead& head, ParseError& error) const;
  bool decide(Method request_method, bool upgrade_requested, ResponseHead& head,
              ParseError& error) const;

 private:
  void note_connection(std::string_view options);
  void note_expect(std::string_view value);
  bool decide_body(uint8_t minor_version, Framing& framing, uint64_t& length,
                   ParseError& error) const;
  bool decide_host(RequestHead& head, ParseError& error) const;
  bool keeps_alive(uint8_t minor_version) const {
    return !close_option_ && (minor_version == 1 || keep_alive_option_);
  }

  std::string_view host_, length_, coding_;
  uint16_t hosts_ = 0, lengths_ = 0, codings_ = 0, options_ = 0;
  bool close_option_ = false, keep_alive_option_ = false, upgrade_option_ = false;
  bool upgrade_field_ = false, expects_continue_ = false;
};

}  // namespace warmgate::http
