// SPDX-License-Identifier: Apache-2.0
// A Lua interpreter that runs the script on its standard input.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

int main(void)
{
	lua_State *lua = luaL_newstate();

	if (!lua)
		return 1;
	luaL_openlibs(lua);
	if (luaL_loadfile(lua, NULL) || lua_pcall(lua, 0, 0, 0)) {
		fprintf(stderr, "%s\n", lua_tostring(lua, -1));
		return 1;
	}
	lua_close(lua);
	return 0;
}
