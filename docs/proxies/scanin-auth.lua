-- Asks ScanIn about a request to an application: `http-request lua.scanin_auth HOST:PORT`. Afterwards txn.scanin_status is
-- what it answered, as text, or "none"; with 401, txn.scanin_start is where to sign in; with 200 the request says who it is.

local PERSON = { "remote-user", "remote-name", "remote-email", "remote-groups" }

-- Of the request, all that ScanIn goes by.
local ASKED = {
  "cookie", "user-agent", "accept", "sec-fetch-mode", "traceparent",
  "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri", "x-forwarded-method",
}

local TIMEOUT_MS = 3000

-- All values of a header, as HAProxy counts them from 0.
local function values(headers, name)
  local found = {}
  local at = 0
  while headers and headers[name] and headers[name][at] ~= nil do
    found[#found + 1] = headers[name][at]
    at = at + 1
  end
  return found
end

core.register_action("scanin_auth", { "http-req" }, function(txn, address)
  txn:set_var("txn.scanin_status", "none")
  local headers = txn.http:req_get_headers()
  local asked = {}
  for _, name in ipairs(ASKED) do
    local found = values(headers, name)
    -- A browser's cookies may come in several lines over HTTP/2 (RFC 9113, section 8.2.3).
    if #found > 0 then asked[name] = { table.concat(found, name == "cookie" and "; " or ", ") } end
  end
  local reply = core.httpclient():head { url = "http://" .. address .. "/auth/verify", headers = asked, timeout = TIMEOUT_MS }
  if not reply or not reply.status then return end
  if reply.status == 200 then
    for _, name in ipairs(PERSON) do
      txn.http:req_set_header(name, values(reply.headers, name)[1] or "")
    end
  elseif reply.status == 401 then
    local start = values(reply.headers, "location")[1]
    if not start then return end
    txn:set_var("txn.scanin_start", start)
  end
  txn:set_var("txn.scanin_status", tostring(reply.status))
end, 1)
